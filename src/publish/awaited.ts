import { type ForwardKey, forwardName } from './forward-journal.ts'

/** The forwards that manifests wait for at this moment: on their way upstream they go before others. */
export interface Awaited {
  /** For as long as it is not disposed of. */
  add(keys: readonly ForwardKey[]): Disposable
  has(key: ForwardKey): boolean
}

export function createAwaited(): Awaited {
  const waits = new Map<string, number>()

  return {
    add(keys) {
      const names = keys.map(forwardName)
      for (const name of names) waits.set(name, (waits.get(name) ?? 0) + 1)
      return {
        [Symbol.dispose]() {
          for (const name of names.splice(0)) {
            const others = (waits.get(name) ?? 1) - 1
            if (others > 0) waits.set(name, others)
            else waits.delete(name)
          }
        },
      }
    },

    has: (key) => waits.has(forwardName(key)),
  }
}
