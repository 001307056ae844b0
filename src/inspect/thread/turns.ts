/** Lends each of some things to one task at a time, first come first served. */
export interface Turns<T> {
  take<R>(task: (thing: T) => R | Promise<R>): Promise<R>
}

export function createTurns<T>(things: readonly T[]): Turns<T> {
  const free = [...things]
  const waiting: ((thing: T) => void)[] = []

  async function lend(): Promise<T> {
    const thing = free.pop()
    if (thing !== undefined) return thing
    return new Promise((resolve) => waiting.push(resolve))
  }

  function giveBack(thing: T): void {
    const next = waiting.shift()
    if (next) next(thing)
    else free.push(thing)
  }

  return {
    async take(task) {
      const thing = await lend()
      try {
        return await task(thing)
      } finally {
        giveBack(thing)
      }
    },
  }
}
