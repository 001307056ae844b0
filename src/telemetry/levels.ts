/** What no event tells: read at each scrape, and for `/readyz`. */
export interface Levels {
  readonly uploadsWaiting: number
  readonly spoolBytes: number
  readonly spoolCapacityBytes: number
  readonly forwardsWaiting: number
  readonly forwardsParked: number
  readonly forwardBacklogBytes: number
  readonly forwardOldestSeconds: number
}

export const degradedReasons = ['spool_nearly_full', 'forwards_parked'] as const

export type DegradedReason = (typeof degradedReasons)[number]

const nearlyFull = 0.95

/** What works worse than it should, without making the service unready. */
export function degradedBy(levels: Levels): readonly DegradedReason[] {
  const holds: Readonly<Record<DegradedReason, boolean>> = {
    spool_nearly_full: levels.spoolBytes >= levels.spoolCapacityBytes * nearlyFull,
    forwards_parked: levels.forwardsParked > 0,
  }
  return degradedReasons.filter((reason) => holds[reason])
}
