export type Weighted<T> = readonly [item: T, weight: number]

/** Numbers that follow from a seed, and from nothing else. */
export interface Random {
  /** From 0 to below 1. */
  next(): number
  chance(probability: number): boolean
  /** Both ends included. */
  integer(min: number, max: number): number
  /** As `integer`, but small ones are as likely as large ones: each power of two is. */
  size(min: number, max: number): number
  pick<T>(items: readonly T[]): T
  /** By their weights. */
  weighted<T>(items: readonly Weighted<T>[]): T
  /** One of its own: how much is drawn from it changes nothing here. */
  fork(): Random
}

/** SplitMix32 (https://doi.org/10.1145/2714064.2660195): small, and good enough to choose with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0

  function bits(): number {
    state = (state + 0x9e37_79b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }

  const next = () => bits() / 2 ** 32
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))

  return {
    next,
    chance: (probability) => next() < probability,
    integer,
    size: (min, max) => Math.min(max, Math.floor(min * (max / min) ** next())),
    pick(items) {
      const item = items[integer(0, items.length - 1)]
      if (item === undefined) throw new RangeError('There is nothing to pick from.')
      return item
    },
    weighted(items) {
      let left = next() * items.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [item, weight] of items) {
        left -= weight
        if (left < 0) return item
      }
      throw new RangeError('There is nothing to weigh.')
    },
    fork: () => createRandom(bits()),
  }
}
