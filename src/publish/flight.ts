import { randomUUID } from 'node:crypto'
import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { Destination } from '../registry/destination.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Digest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import type { Awaited } from './awaited.ts'
import { forwardFailure } from './forward-failure.ts'
import type { Forward, ForwardClaim } from './forward-journal.ts'
import type { ForwardOrigins } from './forward-origins.ts'
import { type PublishIntoPorts, publishInto } from './publish-into.ts'
import type { FlightResult } from './publish-layer.ts'
import type { Call } from './upstream.ts'

export interface FlightPorts extends PublishIntoPorts {
  readonly observer: Observer
  readonly awaited: Pick<Awaited, 'has'>
  readonly origins: Pick<ForwardOrigins, 'of'>
  /** @throws LayergateError `spool_damaged` */
  restore(digest: Digest, signal: AbortSignal): Promise<VerifiedLayer>
  /** As it is configured now, asked at each try; `undefined` when no such registry is. */
  destinationOf(registry: string, repository?: RepositoryName): Destination | undefined
  now(): Date
  /** The journal could not be read or written, as on a full disk. */
  onJournalError(error: unknown): void
}

export interface FlightSettings {
  /** How long a forward rests when its calls' own retries were not enough. */
  readonly postponeMs: number
  /** How long a forward rests when a person must act. */
  readonly parkMs: number
  /**
   * How long a forward is tried before it is parked for good. After that it is tried twice more, `parkMs` apart: a clock that jumped, or a
   * machine that slept, gives nothing up by itself.
   */
  readonly forwardTtlMs: number
}

/** Repeats what the journal refuses until it takes it. */
export type Insist = (write: () => Promise<void>) => Promise<void>

/**
 * One flight: from a claim to what the journal says of it afterwards.
 *
 * @throws the reason of `signal` when the journal refuses the end of the flight until then
 */
export async function fly(
  ports: FlightPorts,
  settings: FlightSettings,
  claim: ForwardClaim,
  insist: Insist,
  signal: AbortSignal,
): Promise<void> {
  const { key, agent, sizeBytes, state } = claim.forward
  const requestId = ports.origins.of(key)
  const flight = { flightId: randomUUID(), ...(requestId !== undefined && { requestId }) }
  const about = { repository: key.repository, agent, digest: key.digest, ...flight }
  const startedAt = performance.now()
  ports.observer.observe({ type: 'forward_started', ...about, sizeBytes })
  const result = await attempt(ports, claim, flight, signal)
  const seconds = (performance.now() - startedAt) / 1000
  const ended = {
    type: 'forward_ended',
    ...about,
    sizeBytes,
    seconds,
    parts: 0,
    attempts: 0,
  } as const

  if (result === 'stopped') {
    ports.observer.observe({ ...ended, outcome: 'released' })
    return claim.release()
  }
  if ('published' in result) {
    const { published, invalid } = result
    await insist(() => claim.forwarded(published))
    if (invalid)
      ports.observer.observe({ type: 'layer_invalid_upstream', ...about, cause: invalid })
    const { alreadyPresent, parts, attempts } = published
    const outcome = alreadyPresent ? 'already_present' : 'forwarded'
    ports.observer.observe({ ...ended, parts, attempts, outcome })
    return
  }

  const { failed: thrown, attempts, invalid } = result
  const { heals, ...error } = forwardFailure(thrown)
  const wasParked = state === 'parked'
  const { isOver, retryAt } = planRetry(claim.forward, heals, ports.now().getTime(), settings)
  await insist(() => {
    if (isOver) return claim.parkForGood(error, attempts)
    return claim[heals ? 'postpone' : 'park'](error, attempts, retryAt)
  })
  // What a parked forward fails with again was told when it was parked.
  if (invalid && !wasParked) {
    ports.observer.observe({ type: 'layer_invalid_upstream', ...about, cause: invalid })
  }
  const parked = wasParked ? 'still_parked' : 'parked'
  ports.observer.observe({
    ...ended,
    outcome: heals && !isOver ? 'postponed' : parked,
    attempts,
    error: error.code,
    detail: error.detail,
    thrown,
  })
  if (isOver) {
    const why = { error: error.code, detail: error.detail }
    ports.observer.observe({ type: 'forward_given_up', ...about, sizeBytes, ...why })
  }
}

/** When a forward whose flight failed is tried again, if it is. */
function planRetry(
  { recordedAt, changedAt, error: lastError }: Forward,
  heals: boolean,
  nowMs: number,
  { postponeMs, parkMs, forwardTtlMs }: FlightSettings,
): { readonly isOver: boolean; readonly retryAt: Date } {
  const endsAtMs = recordedAt.getTime() + forwardTtlMs
  if (nowMs >= endsAtMs) {
    const hadLastChance = lastError !== undefined && changedAt.getTime() >= endsAtMs
    return { isOver: hadLastChance, retryAt: new Date(nowMs + parkMs) }
  }
  const restMs = heals ? postponeMs : parkMs
  return { isOver: false, retryAt: new Date(Math.min(endsAtMs, nowMs + restMs)) }
}

async function attempt(
  ports: FlightPorts,
  claim: ForwardClaim,
  flight: Pick<Call, 'flightId' | 'requestId'>,
  signal: AbortSignal,
): Promise<FlightResult | 'stopped'> {
  const { key, agent, upload, attempts } = claim.forward
  try {
    const destination = ports.destinationOf(key.registry, key.repository)
    if (!destination) throw destinationUnknown(key.registry)
    const isAwaited = () => ports.awaited.has(key)
    const { repository } = key
    const call: Call = { destination, repository, agent, ...flight, signal, isAwaited }
    return await publishInto(ports, call, await ports.restore(key.digest, signal), {
      started: upload,
      isCounted: attempts > 0,
      // Not waited for: whoever goes on from further back hears from the upstream how far it is.
      note: (started) => void claim.progress(started).catch(ports.onJournalError),
    })
  } catch (failed) {
    return signal.aborted ? 'stopped' : { failed, attempts: 0 }
  }
}

function destinationUnknown(registry: string): LayergateError {
  const detail = `The layer is owed to ${registry}, which this service no longer forwards to.`
  return new LayergateError('destination_unknown', detail)
}
