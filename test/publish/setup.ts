import { type FlightLog, publishLayer, type PublishPorts } from '../../src/publish/publish-layer.ts'
import type { Call } from '../../src/publish/upstream.ts'
import type { UpstreamFailure } from '../../src/publish/upstream-error.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { createFakeUpstream, type FakeUpstreamOptions } from '../support/fake-upstream.ts'
import { layerBytes } from '../support/layers.ts'
import { type StoredLayer, storeLayer } from '../support/stored-layer.ts'

export const repository = parseRepositoryName('team/app')
export const never = new AbortController().signal

export const failures: readonly UpstreamFailure[] = [
  'unavailable',
  'throttled',
  'credentials',
  'denied',
  'repository_unknown',
  'quota',
  'part_out_of_order',
  'upload_unknown',
  'invalid_layer',
  'references_unknown',
  'rejected',
]

/** After these a flight is over: nothing that it could do would help. */
export const finalFailures = failures.filter(
  (failure) => !['part_out_of_order', 'upload_unknown', 'invalid_layer'].includes(failure),
)

export function callWith(signal: AbortSignal = never): Call {
  return { destination: { name: 'default', registry: 'default' }, repository, agent: 'ci', signal }
}

export interface FlightOptions extends FakeUpstreamOptions {
  /** By default one of 35 bytes, which are four parts. */
  readonly stored?: StoredLayer
  readonly signal?: AbortSignal
}

/** One stored layer, a registry in memory, and a sleep that only writes down for how long. */
export async function prepareFlight({ stored, signal = never, ...options }: FlightOptions = {}) {
  const { gate, layer, bytes, spool } = stored ?? (await storeLayer(layerBytes(35)))
  const upstream = createFakeUpstream(options)
  const waitsMs: number[] = []
  const ports: PublishPorts = {
    upstream,
    recheck: gate.recheck,
    async sleep(ms, stopped) {
      waitsMs.push(ms)
      stopped.throwIfAborted()
    },
  }
  return {
    upstream,
    waitsMs,
    ports,
    layer,
    bytes,
    spool,
    fly: (log: FlightLog = noFlightLog) => publishLayer(ports, callWith(signal), layer, log),
  }
}

/** Of a layer that nobody tried before, and whose upload nobody goes on with. */
export const noFlightLog: FlightLog = { isCounted: false, note: () => undefined }

/** The calls of one whole upload of 35 bytes in parts of 10. */
export function wholeUpload(id: string): string[] {
  return [
    `start ${id}`,
    `part ${id} 0-9`,
    `part ${id} 10-19`,
    `part ${id} 20-29`,
    `part ${id} 30-34`,
    `complete ${id}`,
  ]
}
