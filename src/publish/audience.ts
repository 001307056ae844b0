/** Those who wait for the end of one work: callers, and callers who were told to come back. */
export interface Audience<T> {
  /**
   * The end, or `pending` after `waitMs`: then this caller is expected back.
   *
   * @throws the reason of `signal`
   */
  wait(waitMs: number, signal: AbortSignal): Promise<T | 'pending'>
  /** One of those who are expected back is here, and waits again. */
  welcomeBack(): void
}

/**
 * @param end must not reject
 * @param graceMs how long a caller is expected back
 * @param onEmpty nobody waits, and nobody is expected back
 */
export function createAudience<T>(
  end: Promise<T>,
  graceMs: number,
  onEmpty: () => void,
): Audience<T> {
  let present = 0
  const expected = new Set<NodeJS.Timeout>()

  function leave(): void {
    present -= 1
    if (present === 0 && expected.size === 0) onEmpty()
  }

  function expectBack(): void {
    const grace = setTimeout(() => {
      expected.delete(grace)
      if (present === 0 && expected.size === 0) onEmpty()
    }, graceMs).unref()
    expected.add(grace)
  }

  return {
    async wait(waitMs, signal) {
      signal.throwIfAborted()
      present += 1
      const { promise, resolve, reject } = Promise.withResolvers<T | 'pending'>()
      const giveUp = () => reject(signal.reason)
      signal.addEventListener('abort', giveUp, { once: true })
      const enough = setTimeout(() => resolve('pending'), waitMs)
      void end.then(resolve)
      try {
        const result = await promise
        if (result === 'pending') expectBack()
        return result
      } finally {
        clearTimeout(enough)
        signal.removeEventListener('abort', giveUp)
        leave()
      }
    },

    welcomeBack() {
      const [longestGone] = expected
      if (!longestGone) return
      clearTimeout(longestGone)
      expected.delete(longestGone)
    },
  }
}
