import { type FlightPorts, type FlightSettings, fly } from './flight.ts'
import type { ForwardJournal } from './forward-journal.ts'

export interface ForwarderPorts extends FlightPorts {
  readonly journal: Pick<ForwardJournal, 'claim'>
}

export interface ForwarderSettings extends FlightSettings {
  /** How many layers are carried upstream at once. */
  readonly flights: number
  /** How long to wait before a journal that refused is asked again. */
  readonly journalRestMs: number
}

export interface Forwarder {
  start(): void
  /** Ends all flights; their rows stay owed. */
  stop(): Promise<void>
}

/** The workers that pay what is owed to the upstream. */
export function createForwarder(ports: ForwarderPorts, settings: ForwarderSettings): Forwarder {
  const stopping = new AbortController()
  const { signal } = stopping
  let workers: Promise<void>[] = []

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
      for (;;) {
        const claim = await insist(() => ports.journal.claim(signal))
        await fly(ports, settings, claim, insist, signal)
      }
    } catch (error) {
      // A row that could not be given back is taken for owed by the next start.
      if (error !== signal.reason) ports.onJournalError(error)
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
