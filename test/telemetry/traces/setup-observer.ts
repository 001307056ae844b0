import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { LayergateEvent } from '../../../src/registry/events.ts'
import { createTraceObserver } from '../../../src/telemetry/traces/trace-observer.ts'

/** What becomes of events: the spans that have ended, in that order. */
export function setUpObserver() {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const observer = createTraceObserver(provider.getTracer('test'))
  return {
    tell: (...events: readonly LayergateEvent[]) => events.forEach(observer.observe),
    spans: () => exporter.getFinishedSpans(),
    names: () => exporter.getFinishedSpans().map(({ name }) => name),
  }
}
