/** The word that was probably meant; `undefined` where none is near. */
export function nearest(text: string, words: readonly string[]): string | undefined {
  const word = text.slice(0, 64).toLowerCase()
  const [best] = words
    .map((candidate) => ({ candidate, edits: edits(word, candidate.toLowerCase()) }))
    .filter(({ candidate, edits: count }) => count <= Math.max(2, candidate.length / 3))
    .toSorted((one, other) => one.edits - other.edits)
  return best?.candidate
}

/** How many letters have to be added, removed or replaced (Levenshtein's distance). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
