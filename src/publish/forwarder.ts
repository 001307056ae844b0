import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { Destination } from '../registry/destination.ts'
import type { Digest } from '../registry/digest.ts'
import type { Observer } from '../registry/events.ts'
import { forwardFailure } from './forward-failure.ts'
import type { ForwardClaim, ForwardJournal } from './forward-journal.ts'
import { type FlightResult, type PublishPorts, publishLayer } from './publish-layer.ts'
import type { Call } from './upstream.ts'

export interface ForwarderPorts extends PublishPorts {
  readonly journal: ForwardJournal
  readonly observer: Observer
  /** @throws LayergateError `spool_damaged` */
  restore(digest: Digest, signal: AbortSignal): Promise<VerifiedLayer>
  destinationOf(registry: string): Destination
  now(): Date
  /** The journal could not be read or written, as on a full disk. It is tried again. */
  onJournalError(error: unknown): void
}

export interface ForwarderSettings {
  /** How many layers are carried upstream at once. */
  readonly flights: number
  /** How long a forward rests when its call's own retries were not enough. */
  readonly postponeMs: number
  /** How long a forward rests when a person must act. */
  readonly parkMs: number
}

export interface Forwarder {
  start(): void
  /** Ends all flights; their rows stay owed. */
  stop(): Promise<void>
}

/** The workers that pay what is owed to the upstream. */
export function createForwarder(ports: ForwarderPorts, settings: ForwarderSettings): Forwarder {
  const stopping = new AbortController()
  let workers: Promise<void>[] = []

  async function work(): Promise<void> {
    const { signal } = stopping
    try {
      for (;;) {
        const claim = await insist(ports, settings, signal, () => ports.journal.claim(signal))
        await fly(ports, settings, claim, signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  return {
    start() {
      workers = Array.from({ length: settings.flights }, work)
    },
    async stop() {
      stopping.abort(new Error('The forwarder stops.'))
      await Promise.all(workers)
    },
  }
}

/** One flight: from a claim to what the journal says of it afterwards. */
async function fly(
  ports: ForwarderPorts,
  settings: ForwarderSettings,
  claim: ForwardClaim,
  signal: AbortSignal,
): Promise<void> {
  const { key, agent, sizeBytes } = claim.forward
  const about = { repository: key.repository, agent, digest: key.digest }
  const startedAt = performance.now()
  ports.observer.observe({ type: 'forward_started', ...about, sizeBytes })

  const call: Call = {
    destination: ports.destinationOf(key.registry),
    repository: key.repository,
    agent,
    signal,
  }
  const result = await attempt(ports, call, key.digest)
  const seconds = (performance.now() - startedAt) / 1000
  const ended = { type: 'forward_ended', ...about, sizeBytes, seconds } as const
  if (result === 'stopped') {
    // Where that fails, the next start finds the row and takes it for owed all the same.
    await claim.release().catch(ports.onJournalError)
    ports.observer.observe({ ...ended, outcome: 'released', parts: 0, attempts: 0 })
    return
  }
  if (result.invalid) {
    ports.observer.observe({ type: 'layer_invalid_upstream', ...about, cause: result.invalid })
  }
  if ('published' in result) {
    const { published } = result
    await insist(ports, settings, signal, () => claim.forwarded(published))
    const outcome = published.alreadyPresent ? 'already_present' : 'forwarded'
    ports.observer.observe({ ...ended, ...published, outcome })
    return
  }
  const { heals, ...error } = forwardFailure(result.failed)
  const later = new Date(ports.now().getTime() + (heals ? settings.postponeMs : settings.parkMs))
  await insist(ports, settings, signal, () =>
    claim[heals ? 'postpone' : 'park'](error, result.attempts, later),
  )
  ports.observer.observe({
    ...ended,
    outcome: heals ? 'postponed' : 'parked',
    parts: 0,
    attempts: result.attempts,
    error: error.code,
    detail: error.detail,
  })
}

async function attempt(
  ports: ForwarderPorts,
  call: Call,
  digest: Digest,
): Promise<FlightResult | 'stopped'> {
  try {
    return await publishLayer(ports, call, await ports.restore(digest, call.signal))
  } catch (failed) {
    return call.signal.aborted ? 'stopped' : { failed, attempts: 0 }
  }
}

/** Repeats what the journal refuses, as on a full disk, until it takes it. */
async function insist<T>(
  { sleep, onJournalError }: ForwarderPorts,
  { postponeMs }: ForwarderSettings,
  signal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      signal.throwIfAborted()
      onJournalError(error)
      await sleep(postponeMs, signal)
    }
  }
}
