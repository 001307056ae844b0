import type { Random, Weighted } from './random.ts'

/** `up`: from the agent to the service. */
export type Way = 'up' | 'down'

/** What happens to one connection of an agent. Bytes count from its beginning, over all of its requests. */
export type Fate =
  | { readonly kind: 'clean' }
  /** Both ends see a reset. */
  | { readonly kind: 'reset'; readonly way: Way; readonly afterBytes: number }
  /** Both ends see an end, as from a client that leaves, or a load balancer that stops. */
  | { readonly kind: 'end'; readonly way: Way; readonly afterBytes: number }
  /** Nothing passes any more; long afterwards it is reset. */
  | {
      readonly kind: 'stall'
      readonly way: Way
      readonly afterBytes: number
      readonly stallMs: number
    }
  /** The first pieces come late, one by one. */
  | {
      readonly kind: 'trickle'
      readonly way: Way
      readonly pieces: number
      readonly everyMs: number
    }
  /** After so many answers the next request passes, its answer does not. */
  | { readonly kind: 'lost-answer'; readonly way: 'down'; readonly answers: number }
  /** One bit of a body is another one. Where, is up to who sends it. */
  | { readonly kind: 'flip' }

export type FateKind = Fate['kind']

/** How likely each is, against each other. */
export type FateWeights = readonly Weighted<FateKind>[]

export const quietLine: FateWeights = [['clean', 1]]

export const badLine: FateWeights = [
  ['clean', 8],
  ['reset', 3],
  ['end', 1],
  ['stall', 1],
  ['trickle', 2],
  ['lost-answer', 2],
  ['flip', 1],
]

/** Beyond the largest layer, so that some faults come after all. */
const farthestByte = 16 * 1024 * 1024

export function drawFate(random: Random, weights: FateWeights): Fate {
  const kind = random.weighted(weights)
  const way: Way = random.chance(0.7) ? 'up' : 'down'
  const afterBytes = random.size(1, way === 'up' ? farthestByte : 4_000)
  switch (kind) {
    case 'reset':
    case 'end':
      return { kind, way, afterBytes }
    case 'stall':
      return { kind, way, afterBytes, stallMs: random.integer(200, 1_500) }
    case 'trickle':
      return { kind, way, pieces: random.integer(1, 12), everyMs: random.integer(1, 60) }
    case 'lost-answer':
      return { kind, way: 'down', answers: random.integer(0, 4) }
    case 'clean':
    case 'flip':
      return { kind }
  }
}
