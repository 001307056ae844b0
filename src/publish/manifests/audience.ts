/** Those who wait for the end of one work: callers, and callers who were told to come back. */
export interface Audience<T, Member> {
  readonly members: readonly Member[]
  /**
   * The end, or `pending` after `waitMs`: then this caller is expected back.
   *
   * @throws the reason of `signal`
   */
  wait(member: Member, waitMs: number, signal: AbortSignal): Promise<T | 'pending'>
  /** Whether somebody like this is expected back. */
  isExpected(isLike: (member: Member) => boolean): boolean
  /** One of those who are expected back, and are like this, is here and waits again. */
  welcomeBack(isLike: (member: Member) => boolean): void
}

/**
 * @param end must not reject
 * @param graceMs how long a caller is expected back
 * @param onEmpty nobody waits, and nobody is expected back
 */
export function createAudience<T, Member>(
  end: Promise<T>,
  graceMs: number,
  onEmpty: () => void,
): Audience<T, Member> {
  interface Seat {
    readonly member: Member
  }
  const present = new Set<Seat>()
  const expected = new Map<Seat, NodeJS.Timeout>()

  function noteIfEmpty(): void {
    if (present.size === 0 && expected.size === 0) onEmpty()
  }

  function expectBack(seat: Seat): void {
    const grace = setTimeout(() => {
      expected.delete(seat)
      noteIfEmpty()
    }, graceMs).unref()
    expected.set(seat, grace)
  }

  return {
    get members() {
      return [...present, ...expected.keys()].map(({ member }) => member)
    },

    async wait(member, waitMs, signal) {
      signal.throwIfAborted()
      const seat = { member }
      present.add(seat)
      const { promise, resolve, reject } = Promise.withResolvers<T | 'pending'>()
      const giveUp = () => reject(signal.reason)
      signal.addEventListener('abort', giveUp, { once: true })
      const enough = setTimeout(() => resolve('pending'), waitMs)
      void end.then(resolve)
      try {
        const result = await promise
        if (result === 'pending') expectBack(seat)
        return result
      } finally {
        clearTimeout(enough)
        signal.removeEventListener('abort', giveUp)
        present.delete(seat)
        noteIfEmpty()
      }
    },

    isExpected: (isLike) => [...expected.keys()].some(({ member }) => isLike(member)),

    welcomeBack(isLike) {
      const longestGone = [...expected].find(([{ member }]) => isLike(member))
      if (!longestGone) return
      const [seat, grace] = longestGone
      clearTimeout(grace)
      expected.delete(seat)
    },
  }
}
