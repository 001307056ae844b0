/** So many at once, the next as soon as one is answered, for so long. */
export interface Load {
  readonly atOnce: number
  readonly seconds: number
}

export interface Answered {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly count: number
}

/** @param send resolves when it is answered */
export async function sendMany(
  { atOnce, seconds }: Load,
  send: (index: number) => Promise<void>,
): Promise<Answered> {
  const tookMs: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  let index = 0

  async function lane(): Promise<void> {
    while (performance.now() < endsAt) {
      const sentAt = performance.now()
      index += 1
      await send(index)
      tookMs.push(performance.now() - sentAt)
    }
  }

  await Promise.all(Array.from({ length: atOnce }, lane))
  const elapsedSeconds = (performance.now() - startedAt) / 1000
  const sorted = Float64Array.from(tookMs).toSorted()
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
  return {
    perSecond: sorted.length / elapsedSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    count: sorted.length,
  }
}
