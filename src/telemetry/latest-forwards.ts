import type { ForwardEnded, Observer } from '../registry/events.ts'

export interface PaidForward {
  readonly forward: ForwardEnded
  readonly endedAt: Date
}

/** The layers that ECR Public got lately, or turned out to have, since the process began. */
export interface LatestForwards extends Observer {
  /** The newest first. */
  all(): readonly PaidForward[]
}

export function createLatestForwards(most: number, now: () => Date): LatestForwards {
  const paid: PaidForward[] = []

  return {
    observe(event) {
      if (event.type !== 'forward_ended') return
      if (event.outcome !== 'forwarded' && event.outcome !== 'already_present') return
      paid.unshift({ forward: event, endedAt: now() })
      paid.splice(most)
    },
    all: () => [...paid],
  }
}
