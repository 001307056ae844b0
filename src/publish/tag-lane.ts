/** `go`: the tag is yours to move, hand it back. `superseded`: a newer arrival has gone ahead. */
export type Turn = 'go' | 'superseded'

/**
 * The order in which one tag is moved: never by two at a time, and never back to what arrived earlier. Arrivals are numbered by
 * whoever uses the lane, the newer the higher. None waits for an older one that is not ready.
 */
export interface TagLane {
  readonly isEmpty: boolean
  /** Of those that ever arrived. */
  readonly newest: number
  arrive(arrival: number): void
  /** `answer` is called once, at the arrival's turn, perhaps at once; the oldest that is ready comes first. */
  ready(arrival: number, answer: (turn: Turn) => void): void
  /** Is not ready any more, and gets no answer. */
  withdraw(arrival: number): void
  /** After `go`. Whoever went ahead may have moved the tag: what is older does not move it any more. */
  handBack(arrival: number, wentAhead: boolean): void
  leave(arrival: number): void
}

export function createTagLane(): TagLane {
  const present = new Set<number>()
  const waiting = new Map<number, (turn: Turn) => void>()
  let newest = 0
  let lastAhead = 0
  let isTaken = false

  function handOut(): void {
    for (const arrival of [...waiting.keys()].toSorted((one, other) => one - other)) {
      if (arrival < lastAhead) answer(arrival, 'superseded')
      else if (!isTaken) {
        isTaken = true
        answer(arrival, 'go')
      }
    }
  }

  function answer(arrival: number, turn: Turn): void {
    const waiter = waiting.get(arrival)
    waiting.delete(arrival)
    waiter?.(turn)
  }

  return {
    get isEmpty() {
      return present.size === 0
    },
    get newest() {
      return newest
    },
    arrive(arrival) {
      present.add(arrival)
      newest = arrival
    },
    ready(arrival, answerTo) {
      waiting.set(arrival, answerTo)
      handOut()
    },
    withdraw: (arrival) => void waiting.delete(arrival),
    handBack(arrival, wentAhead) {
      isTaken = false
      if (wentAhead) lastAhead = Math.max(lastAhead, arrival)
      handOut()
    },
    leave: (arrival) => void present.delete(arrival),
  }
}
