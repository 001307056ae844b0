import type { Logger } from 'pino'
import type { Observer } from '../../registry/events.ts'

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio'

export interface TraceSettings {
  /** Of the collector, without the path of a signal. */
  readonly endpoint: URL
  readonly sampler: SamplerName
  /** Of all traces, where the sampler goes by that. */
  readonly sampledShare: number
}

export interface Traces extends Observer {
  /** Sends what waits, for a second at most. Never rejects. */
  close(): Promise<void>
}

/** OpenTelemetry is loaded by this alone: whoever wants no traces does not have it in memory. */
export async function openTraces(
  settings: TraceSettings,
  version: string,
  logger: Pick<Logger, 'info' | 'warn'>,
): Promise<Traces> {
  const { startTraces } = await import('./start-traces.ts')
  return startTraces(settings, version, logger)
}
