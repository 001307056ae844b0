import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import type { Traces, TraceSettings } from './open-traces.ts'
import { createSampler } from './sampler.ts'
import { createTraceObserver } from './trace-observer.ts'
import { watchedExporter } from './watched-exporter.ts'

const closeMs = 1_000

/** Spans wait in a bounded queue, and go out in the background. Nothing of OpenTelemetry's global state is touched. */
export function startTraces(
  settings: TraceSettings,
  version: string,
  logger: Pick<Logger, 'info' | 'warn'>,
): Traces {
  // Headers, time-out, compression and certificates it reads from the environment by itself.
  const exporter = watchedExporter(new OTLPTraceExporter({ url: tracesUrl(settings.endpoint) }), {
    onLost: (reason) =>
      logger.warn({ reason }, 'traces are lost: the collector does not take them'),
    onTaken: () => logger.info('the collector takes traces again'),
  })
  const provider = new TracerProvider({
    resource: resourceOf(version),
    sampler: createSampler(settings),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const observer = createTraceObserver(provider.getTracer('layergate', version))

  return {
    observe: observer.observe,
    async close() {
      const { promise: enough, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        exporter.giveUp(`no answer within ${closeMs} ms`)
        resolve()
      }, closeMs)
      // Why something could not be sent was told by the exporter.
      await Promise.race([provider.shutdown().catch(() => {}), enough])
      clearTimeout(timer)
    },
  }
}

/** As the specification of the exporter makes it of a base URL (OpenTelemetry Protocol Exporter, "Endpoint URLs for OTLP/HTTP"). */
function tracesUrl({ href }: URL): string {
  return new URL('v1/traces', href.endsWith('/') ? href : `${href}/`).href
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` go before our own. */
function resourceOf(version: string) {
  const own = { 'service.name': 'layergate', 'service.version': version }
  return defaultResource()
    .merge(resourceFromAttributes(own))
    .merge(detectResources({ detectors: [envDetector] }))
}
