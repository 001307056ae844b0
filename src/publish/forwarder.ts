import type { Destination } from '../registry/destination.ts'
import { type FlightPorts, type FlightSettings, fly } from './flight.ts'
import type { ForwardClaim, ForwardJournal } from './forward-journal.ts'

export interface ForwarderPorts extends FlightPorts {
  readonly journal: Pick<ForwardJournal, 'claim'>
  /** Whether the account of a destination does not answer at this moment, while that of another does; none when absent. */
  readonly isSetAside?: (destination: Destination) => boolean
}

export interface ForwarderSettings extends FlightSettings {
  /** How many layers are carried upstream at once. Those of destinations that are set aside do not count. */
  readonly flights: number
  /** How long to wait before a journal that refused is asked again. */
  readonly journalRestMs: number
}

export interface Forwarder {
  start(): void
  /** Ends all flights; their rows stay owed. */
  stop(): Promise<void>
}

/** How often it is looked at which destinations are set aside. */
const lookMs = 1_000

/**
 * The workers that pay what is owed to the upstream. A flight to a destination that is set aside waits for its account, a minute or
 * longer: meanwhile another worker has its place, so that the layers of other destinations go out. What more is owed to the
 * destination rests, as after a flight that failed.
 */
export function createForwarder(ports: ForwarderPorts, settings: ForwarderSettings): Forwarder {
  const stopping = new AbortController()
  const { signal } = stopping
  const workers = new Set<Promise<void>>()
  /** Where to, one entry for each flight. */
  const flying: string[] = []
  let timer: NodeJS.Timeout | undefined

  function isSetAside(registry: string): boolean {
    const destination = ports.isSetAside && ports.destinationOf(registry)
    return destination !== undefined && (ports.isSetAside?.(destination) ?? false)
  }

  /** How many workers there are to be. */
  function wanted(): number {
    return settings.flights + flying.filter(isSetAside).length
  }

  function hire(): void {
    while (!signal.aborted && workers.size < wanted()) {
      const worker = work().finally(() => workers.delete(worker))
      workers.add(worker)
    }
  }

  function look(): void {
    hire()
    timer = setTimeout(look, lookMs).unref()
  }

  async function insist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        signal.throwIfAborted()
        ports.onJournalError(error)
        await ports.sleep(settings.journalRestMs, signal)
      }
    }
  }

  async function work(): Promise<void> {
    try {
      do {
        const claim = await insist(() => ports.journal.claim(signal))
        const { registry } = claim.forward.key
        const others = flying.filter((other) => other === registry).length
        if (others >= settings.flights && isSetAside(registry)) await rest(claim)
        else await carry(claim, registry)
      } while (workers.size <= wanted())
    } catch (error) {
      // A row that could not be given back is taken for owed by the next start.
      if (error !== signal.reason) ports.onJournalError(error)
    }
  }

  async function carry(claim: ForwardClaim, registry: string): Promise<void> {
    flying.push(registry)
    try {
      await fly(ports, settings, claim, insist, signal)
    } finally {
      flying.splice(flying.indexOf(registry), 1)
    }
  }

  function rest(claim: ForwardClaim): Promise<void> {
    const detail = 'The account that the layer is owed to does not answer.'
    const retryAt = new Date(ports.now().getTime() + settings.postponeMs)
    return insist(() => claim.postpone({ code: 'upstream_unavailable', detail }, 0, retryAt))
  }

  return {
    start() {
      if (ports.isSetAside) look()
      else hire()
    },
    async stop() {
      clearTimeout(timer)
      stopping.abort(new Error('The forwarder stops.'))
      await Promise.all(workers)
    },
  }
}
