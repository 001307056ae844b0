/** Values by name, as many as there may be: the newest push out the oldest. */
export interface Newest<T> {
  get(name: string): T | undefined
  set(name: string, value: T): void
  /** It is not kept any more. */
  take(name: string): T | undefined
}

export function createNewest<T>(maxEntries: number): Newest<T> {
  const entries = new Map<string, T>()

  return {
    get: (name) => entries.get(name),

    set(name, value) {
      entries.delete(name)
      entries.set(name, value)
      const [oldest] = entries.keys()
      if (oldest !== undefined && entries.size > maxEntries) entries.delete(oldest)
    },

    take(name) {
      const value = entries.get(name)
      entries.delete(name)
      return value
    },
  }
}
