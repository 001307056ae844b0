import { createMetrics, type MetricsSettings } from '../../src/telemetry/metrics.ts'
import type { Levels } from '../../src/telemetry/levels.ts'
import { parseDigest } from '../../src/registry/digest.ts'

export const digest = parseDigest(`sha256:${'0'.repeat(64)}`)

export const calmLevels: Levels = {
  uploadsWaiting: 0,
  spoolBytes: 0,
  spoolCapacityBytes: 1000,
  hasJournalFailed: false,
  forwardsWaiting: 0,
  forwardsParked: 0,
  forwardsHeld: 0,
  heldBytes: 0,
  forwardBacklogBytes: 0,
  forwardOldestSeconds: 0,
  isUpstreamPaused: false,
  isPolicyOutdated: false,
  quotasPerSecond: { default: { PutImage: 10 } },
}

export interface Samples {
  /** By name and labels in order of the alphabet: `name{a="1",b="2"}`. */
  readonly values: ReadonlyMap<string, number>
  readonly types: ReadonlyMap<string, string>
}

/** Reads the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function readSamples(text: string): Samples {
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (typed !== undefined && type !== undefined) types.set(typed, type)
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name !== undefined) values.set(`${name}${inOrder(labels)}`, Number(value))
  }
  return { values, types }
}

function inOrder(labels: string): string {
  const pairs = labels.match(/[a-z_]+="[^"]*"/gi) ?? []
  return pairs.length === 0 ? '' : `{${pairs.toSorted((a, b) => (a < b ? -1 : 1)).join(',')}}`
}

export interface TestMetricsOptions extends Partial<MetricsSettings> {
  readonly levels?: Partial<Levels>
}

export function setUpMetrics({ levels, ...settings }: TestMetricsOptions = {}) {
  const metrics = createMetrics(
    {
      version: '1.2.3',
      isAuthDisabled: false,
      destinations: ['default'],
      operations: ['InitiateLayerUpload', 'CompleteLayerUpload'],
      retryReasons: ['unavailable', 'throttled'],
      withProcess: false,
      ...settings,
    },
    async () => ({ ...calmLevels, ...levels }),
  )
  const samples = async () => readSamples((await metrics.scrape()).text)
  return {
    metrics,
    samples,
    /** What has changed since the last look, histograms' buckets left out. */
    async changes(act: () => void): Promise<Record<string, number>> {
      const before = (await samples()).values
      act()
      const after = (await samples()).values
      const changed: Record<string, number> = {}
      for (const [name, value] of after) {
        if (name.includes('_bucket')) continue
        const was = before.get(name) ?? 0
        if (value !== was || !before.has(name)) changed[name] = value - was
      }
      return changed
    },
  }
}
