/** What one round gave, by what was measured. */
export type Figures = Readonly<Record<string, number>>

/** For `console.table`: the middle of all rounds, with the least and the most, and what the second way is beside the first. */
export function table(off: readonly Figures[], enforce: readonly Figures[]): object {
  const names = Object.keys(off[0] ?? {})
  return Object.fromEntries(
    names.map((name) => {
      const [without, inspected] = [off, enforce].map((rounds) => sorted(rounds, name))
      return [
        name,
        {
          off: spread(without ?? []),
          enforce: spread(inspected ?? []),
          difference: round(middle(inspected ?? []) - middle(without ?? [])),
          ratio: round(middle(inspected ?? []) / middle(without ?? [])),
        },
      ]
    }),
  )
}

function sorted(rounds: readonly Figures[], name: string): readonly number[] {
  return rounds.map((figures) => figures[name] ?? Number.NaN).toSorted((a, b) => a - b)
}

function middle(values: readonly number[]): number {
  const half = (values.length - 1) / 2
  return ((values[Math.floor(half)] ?? 0) + (values[Math.ceil(half)] ?? 0)) / 2
}

function spread(values: readonly number[]): string {
  return `${round(middle(values))} (${round(values[0] ?? 0)} to ${round(values.at(-1) ?? 0)})`
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
