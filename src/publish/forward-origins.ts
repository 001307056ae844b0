import { type ForwardKey, forwardName, type Recorded } from './forward-journal.ts'

/** Which requests forwards were recorded for. It is for those who look on alone: the journal does not keep it. */
export interface ForwardOrigins {
  /**
   * Remembers the request, if it is one, before the forward is recorded: it may start at once. A forward that was on its way stays that
   * of the request before.
   */
  recorded(
    key: ForwardKey,
    requestId: string | undefined,
    record: () => Promise<Recorded>,
  ): Promise<Recorded>
  /** Not after a restart, and not where so many others were recorded since that it is forgotten. */
  of(key: ForwardKey): string | undefined
}

const rememberedForwards = 10_000

export function createForwardOrigins(): ForwardOrigins {
  const requestIds = new Map<string, string>()

  function remember(name: string, requestId: string | undefined): void {
    requestIds.delete(name)
    if (requestId === undefined) return
    requestIds.set(name, requestId)
    const [oldest] = requestIds.keys()
    if (oldest !== undefined && requestIds.size > rememberedForwards) requestIds.delete(oldest)
  }

  return {
    async recorded(key, requestId, record) {
      const name = forwardName(key)
      const before = requestIds.get(name)
      remember(name, requestId)
      const recorded = await record()
      if (recorded.isJoined && requestIds.get(name) === requestId) remember(name, before)
      return recorded
    },

    of: (key) => requestIds.get(forwardName(key)),
  }
}
