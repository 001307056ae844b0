/** What one round gave, by what was measured. */
export type Figures = Readonly<Record<string, number>>

/** What is compared, by its name. The others are put beside the first. */
export type Ways = Readonly<Record<string, () => Promise<Figures>>>

/** One row of a table: the middle of all rounds and their spread, by way, and how each is to the first. */
type Row = Record<string, string | number>

/**
 * Measures every way once in each round, one after the other, and prints a table for people, and a line of JSON with every round.
 */
export async function compare(what: string, rounds: number, ways: Ways): Promise<void> {
  const names = Object.keys(ways)
  const measured: Record<string, Figures[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    // Whoever comes last in one round comes first in the next.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const figures = await ways[name]?.()
      if (figures) measured[name]?.push(figures)
    }
  }
  console.log(`\n${what}`)
  console.table(table(measured))
  console.log(JSON.stringify({ what, rounds: measured }))
}

function table(measured: Readonly<Record<string, readonly Figures[]>>): Record<string, Row> {
  const [firstWay, ...others] = Object.entries(measured)
  if (!firstWay) return {}
  const [firstName, first] = firstWay
  const figures = Object.keys(first[0] ?? {})
  return Object.fromEntries(
    figures.map((figure) => {
      const row: Row = { [firstName]: spread(sorted(first, figure)) }
      for (const [name, rounds] of others) {
        row[name] = spread(sorted(rounds, figure))
        row[`${firstName} / ${name}`] = spread(ratios(first, rounds, figure))
      }
      return [figure, row]
    }),
  )
}

/** Round by round: what moves the whole machine moves both. */
function ratios(
  first: readonly Figures[],
  other: readonly Figures[],
  figure: string,
): readonly number[] {
  return first
    .map(
      (figures, round) => (figures[figure] ?? Number.NaN) / (other[round]?.[figure] ?? Number.NaN),
    )
    .toSorted((a, b) => a - b)
}

function sorted(rounds: readonly Figures[], figure: string): readonly number[] {
  return rounds.map((figures) => figures[figure] ?? Number.NaN).toSorted((a, b) => a - b)
}

function middle(values: readonly number[]): number {
  const half = (values.length - 1) / 2
  return ((values[Math.floor(half)] ?? 0) + (values[Math.ceil(half)] ?? 0)) / 2
}

function spread(values: readonly number[]): string {
  return `${short(middle(values))} (${short(values[0] ?? 0)} to ${short(values.at(-1) ?? 0)})`
}

function short(value: number): number {
  return Math.round(value * 100) / 100
}
