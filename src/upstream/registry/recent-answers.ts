/** Answers that are asked for once, for all who want them, and again when they are old. */
export interface RecentAnswers<T> {
  /** @throws what `ask` throws; it is asked again then */
  of(key: string, ask: () => Promise<T>): Promise<T>
}

/** A registry can have another alias later. */
const trustMs = 5 * 60_000

/** @param now a clock in milliseconds that never goes back */
export function createRecentAnswers<T>(now: () => number): RecentAnswers<T> {
  const known = new Map<string, { readonly answer: Promise<T>; readonly untilMs: number }>()
  return {
    of(key, ask) {
      const before = known.get(key)
      if (before && before.untilMs > now()) return before.answer
      const answer = ask()
      known.set(key, { answer, untilMs: now() + trustMs })
      answer.catch(() => known.delete(key))
      return answer
    },
  }
}
