/** Runs the tasks of one key one after the other, in the order in which they came. */
export interface Turns<Key> {
  readonly inTurn: <T>(key: Key, task: () => Promise<T>) => Promise<T>
}

export function createTurns<Key>(): Turns<Key> {
  const last = new Map<Key, Promise<unknown>>()

  return {
    async inTurn(key, task) {
      const turn = (last.get(key) ?? Promise.resolve()).then(task, task)
      last.set(key, turn)
      try {
        return await turn
      } finally {
        if (last.get(key) === turn) last.delete(key)
      }
    },
  }
}
