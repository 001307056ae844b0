import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ForwardJournal, ForwardKey } from '../../src/publish/forward-journal.ts'
import { createAwaited } from '../../src/publish/awaited.ts'
import { createForwardOrigins } from '../../src/publish/forward-origins.ts'
import { createForwarder, type ForwarderPorts } from '../../src/publish/forwarder.ts'
import type { Call, Upstream } from '../../src/publish/upstream.ts'
import type { Digest } from '../../src/registry/digest.ts'
import type { ForwardEnded } from '../../src/registry/events.ts'
import { createFakeUpstream, type Faults } from '../support/fake-upstream.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { storeLayer } from '../support/stored-layer.ts'
import { repository } from './setup.ts'

export const settings = {
  flights: 2,
  postponeMs: 15_000,
  parkMs: 600_000,
  journalRestMs: 5_000,
  forwardTtlMs: 86_400_000,
}

interface SetupOptions {
  readonly faults?: Faults
  readonly ports?: Partial<ForwarderPorts>
  readonly wrapUpstream?: (upstream: Upstream) => Upstream
  readonly wrapJournal?: (journal: ForwardJournal) => ForwardJournal
}

/** A forwarder that stands still, over ports in memory and a clock that stands still as well. */
export async function setUpForwarder(t: TestContext, options: SetupOptions = {}) {
  const clock = manualClock(t)
  const { spool, gate, layer } = await storeLayer(layerBytes(35))
  const journal = createMemoryJournal({ now: clock.now })
  const upstream = createFakeUpstream(options.faults && { faults: options.faults })
  const observer = recordingObserver()
  const awaited = createAwaited()
  const origins = createForwardOrigins()
  const journalErrors: unknown[] = []
  const waitsMs: number[] = []
  const forwarder = createForwarder(
    {
      journal: options.wrapJournal?.(journal) ?? journal,
      upstream: options.wrapUpstream?.(upstream) ?? upstream,
      observer,
      awaited,
      origins,
      restore: gate.restore,
      recheck: gate.recheck,
      createRepository: () => assert.fail('no repository is created'),
      destinationOf: (registry) => ({ name: `destination of ${registry}`, registry }),
      async sleep(ms, signal) {
        signal.throwIfAborted()
        waitsMs.push(ms)
      },
      now: clock.now,
      onJournalError: (error) => journalErrors.push(error),
      ...options.ports,
    },
    settings,
  )
  t.after(() => forwarder.stop())
  return {
    clock,
    journal,
    upstream,
    observer,
    awaited,
    origins,
    journalErrors,
    waitsMs,
    forwarder,
    spool,
    gate,
    layer,
    key: keyOf(layer.digest),
    record: () => journal.record(keyOf(layer.digest), 'ci', layer.sizeBytes),
    async recordOther(seed: number) {
      const other = await admitLayer(spool, gate, layerBytes(35, seed))
      return journal.record(keyOf(other.digest), 'ci', 35)
    },
    ended: () => observer.of('forward_ended').map(withoutSeconds),
  }
}

function keyOf(digest: Digest): ForwardKey {
  return { registry: 'default', repository, digest }
}

/** Without what is another each time. */
function withoutSeconds({ seconds, flightId, ...event }: ForwardEnded) {
  assert.ok(seconds >= 0)
  assert.notEqual(flightId, '')
  return event
}

/** Starting an upload takes until the call is given up. */
export function hanging(upstream: Upstream): Upstream {
  return {
    ...upstream,
    start: ({ signal }: Call) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  }
}
