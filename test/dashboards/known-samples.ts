import { createMetrics } from '../../src/telemetry/metrics.ts'
import { upstreamOperations } from '../../src/upstream/ecr-upstream.ts'
import { registryOperations } from '../../src/upstream/registry/ecr-catalog.ts'
import { retryReasons } from '../../src/upstream/retry-policy.ts'
import { readSeries, type Series } from '../docs/exposition.ts'
import { calmLevels } from '../telemetry/setup.ts'

export interface KnownSample {
  readonly isCounter: boolean
  readonly labels: ReadonlySet<string>
}

/** What Prometheus can be asked for, by name: the samples of the service and its process, and Prometheus's own. */
export async function knownSamples(): Promise<ReadonlyMap<string, KnownSample>> {
  const operations = [...upstreamOperations, ...registryOperations]
  const quotas = Object.fromEntries(operations.map((operation) => [operation, 1]))
  const settings = {
    version: '1.2.3',
    isAuthDisabled: true,
    destinations: ['default'],
    operations,
    retryReasons,
    // The tests of a process share it, so its own series are named below.
    withProcess: false,
  }
  const levels = async () => ({ ...calmLevels, quotasPerSecond: { default: quotas } })
  const text = (await createMetrics(settings, levels).scrape()).text
  return new Map([...readSeries(text).flatMap(samplesOf), ...ofProcess, ['up', gauge]])
}

function samplesOf({ name, type, labels }: Series): (readonly [string, KnownSample])[] {
  const own = ['job', 'instance', ...labels.keys()]
  if (type !== 'histogram') {
    return [[name, { isCounter: type === 'counter', labels: new Set(own) }]]
  }
  const counter = { isCounter: true, labels: new Set(own) }
  return [
    [`${name}_bucket`, { isCounter: true, labels: new Set([...own, 'le']) }],
    [`${name}_sum`, counter],
    [`${name}_count`, counter],
  ]
}

const gauge: KnownSample = { isCounter: false, labels: new Set(['job', 'instance']) }
const counter: KnownSample = { isCounter: true, labels: new Set(['job', 'instance']) }

/** Of prom-client's default metrics, those of interest (https://github.com/siimon/prom-client/tree/v15.1.3/lib/metrics). */
const ofProcess: readonly (readonly [string, KnownSample])[] = [
  ['process_cpu_seconds_total', counter],
  ['process_resident_memory_bytes', gauge],
  ['process_start_time_seconds', gauge],
  ['process_open_fds', gauge],
  ['process_max_fds', gauge],
  ['nodejs_heap_size_used_bytes', gauge],
  ['nodejs_eventloop_lag_p99_seconds', gauge],
  ['nodejs_gc_duration_seconds_sum', counter],
]
