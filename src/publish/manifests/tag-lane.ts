import type { Digest } from '../../registry/digest.ts'

/** `go`: the tag is yours to move, hand it back. `superseded`: a newer arrival has moved it. */
export type Turn = 'go' | 'superseded'

/** `unknown`: the tag may have been moved, although nobody heard of it. */
export type MoveEnd = 'moved' | 'not_moved' | 'unknown'

/**
 * The order in which one tag is moved: never by two at a time, and never back to what arrived earlier. Arrivals are numbered by
 * whoever uses the lane, the newer the higher. None waits for an older one, nor for a newer one that is not ready; only for a newer one
 * that may have moved the tag already, and is still trying.
 */
export interface TagLane {
  readonly isEmpty: boolean
  /** Of those that ever arrived. */
  readonly newest: number
  /** @param digest of the manifest that the tag is to name */
  arrive(arrival: number, digest: Digest): void
  /**
   * `answer` is called once, at the arrival's turn, perhaps at once; the oldest that may go comes first.
   *
   * @param insists wants its turn even where a newer arrival has moved the tag: `superseded` is no answer to it
   */
  ready(arrival: number, answer: (turn: Turn) => void, insists?: boolean): void
  /** Is not ready any more, and gets no answer. */
  withdraw(arrival: number): void
  /** After `go`: whether this one, or a newer one that has left, may have moved the tag. Only the tag itself can tell then. */
  isInDoubt(arrival: number): boolean
  /** The tag was read. Returns the newest of those in doubt that turned out to have moved it. */
  settle(named: Digest | undefined): number | undefined
  /** After `go`. */
  handBack(arrival: number, end: MoveEnd): void
  leave(arrival: number): void
}

interface Waiter {
  readonly insists: boolean
  readonly answer: (turn: Turn) => void
}

export function createTagLane(): TagLane {
  const present = new Map<number, Digest>()
  const waiting = new Map<number, Waiter>()
  /** Those whose move ended `unknown`, and none that would not matter any more: all are newer than `lastMoved`. */
  const doubts = new Map<number, Digest>()
  let newest = 0
  let lastMoved = 0
  let isTaken = false

  function handOut(): void {
    for (const [arrival, { insists }] of [...waiting].toSorted(([one], [other]) => one - other)) {
      if (arrival < lastMoved && !insists) answer(arrival, 'superseded')
      else if (!isTaken && !mayBeOvertaken(arrival)) {
        isTaken = true
        answer(arrival, 'go')
      }
    }
  }

  function mayBeOvertaken(arrival: number): boolean {
    return [...doubts.keys()].some((doubtful) => doubtful > arrival && present.has(doubtful))
  }

  function answer(arrival: number, turn: Turn): void {
    const waiter = waiting.get(arrival)
    waiting.delete(arrival)
    waiter?.answer(turn)
  }

  function moved(arrival: number): void {
    lastMoved = Math.max(lastMoved, arrival)
    for (const doubtful of doubts.keys()) if (doubtful <= lastMoved) doubts.delete(doubtful)
  }

  return {
    get isEmpty() {
      return present.size === 0
    },
    get newest() {
      return newest
    },
    arrive(arrival, digest) {
      present.set(arrival, digest)
      newest = arrival
    },
    ready(arrival, answerTo, insists = false) {
      waiting.set(arrival, { insists, answer: answerTo })
      handOut()
    },
    withdraw: (arrival) => void waiting.delete(arrival),
    isInDoubt: (arrival) => [...doubts.keys()].some((doubtful) => doubtful >= arrival),
    settle(named) {
      const movers = [...doubts.keys()].filter((doubtful) => doubts.get(doubtful) === named)
      doubts.clear()
      if (movers.length === 0) return undefined
      const newestMover = Math.max(...movers)
      moved(newestMover)
      return newestMover
    },
    handBack(arrival, end) {
      isTaken = false
      const digest = present.get(arrival)
      if (end === 'moved') moved(arrival)
      else if (end === 'unknown' && digest !== undefined) doubts.set(arrival, digest)
      handOut()
    },
    leave(arrival) {
      present.delete(arrival)
      handOut()
    },
  }
}
