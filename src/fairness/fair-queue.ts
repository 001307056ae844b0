/** Those who wait for the same thing, served in turn: one of each agent, first come first served among those of one. */
export interface FairQueue<T> {
  readonly size: number
  /** Who waits already keeps its place. */
  add(agent: string, item: T): void
  /** Unknown items are ignored. */
  remove(agent: string, item: T): void
  /**
   * Takes out whose turn it is.
   *
   * @param isAwaited those for whom it holds go before all others, but for every eighth turn: the others shall come to theirs as well
   */
  next(isAwaited?: (item: T) => boolean): T | undefined
}

const favoursInARow = 7

export function createFairQueue<T>(): FairQueue<T> {
  /** The agent whose turn is next comes first. */
  const agents = new Map<string, Set<T>>()
  let size = 0
  let favours = 0

  function remove(agent: string, item: T): void {
    const items = agents.get(agent)
    if (!items?.delete(item)) return
    size -= 1
    if (items.size === 0) agents.delete(agent)
  }

  function take(agent: string, item: T): T {
    const items = agents.get(agent)
    remove(agent, item)
    if (items && items.size > 0) {
      agents.delete(agent)
      agents.set(agent, items)
    }
    return item
  }

  return {
    get size() {
      return size
    },

    add(agent, item) {
      const items = agents.get(agent) ?? new Set()
      if (items.has(item)) return
      agents.set(agent, items.add(item))
      size += 1
    },

    remove,

    next(isAwaited) {
      if (isAwaited && favours < favoursInARow) {
        for (const [agent, items] of agents) {
          for (const item of items) {
            if (!isAwaited(item)) continue
            favours += 1
            return take(agent, item)
          }
        }
      }
      favours = 0
      for (const [agent, items] of agents) {
        for (const item of items) return take(agent, item)
      }
      return undefined
    },
  }
}
