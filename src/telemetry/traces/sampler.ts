import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import type { SamplerName, TraceSettings } from './open-traces.ts'

/** By its standard name (OpenTelemetry Environment Variable Specification, `OTEL_TRACES_SAMPLER`). */
export function createSampler({ sampler, sampledShare }: Omit<TraceSettings, 'endpoint'>): Sampler {
  const byShare = () => new TraceIdRatioBasedSampler(sampledShare)
  const samplers: Readonly<Record<SamplerName, () => Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: byShare,
    parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    parentbased_traceidratio: () => new ParentBasedSampler({ root: byShare() }),
  }
  return samplers[sampler]()
}
