/** A clock that stands still until it is moved. */
export function clock() {
  let ms = Date.parse('2026-01-01T00:00:00.123Z')
  return {
    now: () => new Date(ms),
    in: (delayMs: number) => new Date(ms + delayMs),
    move(byMs: number) {
      ms += byMs
    },
  }
}
