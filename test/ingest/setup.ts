import { createLayerCache } from '../../src/layers/layer-cache.ts'
import { createGate } from '../../src/layers/gate.ts'
import type { Spool } from '../../src/layers/spool.ts'
import { noPace } from '../../src/ingest/pace.ts'
import { createPlaces } from '../../src/ingest/places.ts'
import { createRoom } from '../../src/ingest/room.ts'
import type { InspectMode, OverLimit } from '../../src/registry/findings.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { type FakeInspectorOptions, fakeInspector } from '../support/fake-inspector.ts'
import { createMemoryFindings } from '../support/memory-findings.ts'
import { createMemorySessions } from '../support/memory-sessions.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { recordingObserver } from '../support/recording-observer.ts'

export const repository = parseRepositoryName('team/app')
export const never = new AbortController().signal

export interface SetupOptions {
  readonly spool?: Spool
  readonly places?: number
  readonly waitMs?: number
  readonly inspector?: FakeInspectorOptions
  readonly mode?: InspectMode
  readonly overLimit?: OverLimit
}

/** All ports of ingest in memory, where nothing is owed to anybody. */
export function setUp({
  spool = createMemorySpool(),
  places = 4,
  waitMs = 20_000,
  inspector,
  mode = 'enforce',
  overLimit = 'pass',
}: SetupOptions = {}) {
  const cache = createLayerCache(spool, {
    owedDigests: async () => new Set(),
    isOwed: async () => false,
  })
  return {
    spool,
    cache,
    gate: createGate(spool),
    places: createPlaces(places, waitMs),
    room: createRoom(spool, cache, waitMs),
    sessions: createMemorySessions(),
    observer: recordingObserver(),
    pace: noPace,
    inspector: fakeInspector(inspector),
    findings: createMemoryFindings(),
    inspect: { mode, overLimit },
    diagnosisWaitMs: 2_000,
    now: () => new Date(0),
  }
}
