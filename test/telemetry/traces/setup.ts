import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { openTraces } from '../../../src/telemetry/traces/open-traces.ts'
import { createLogger } from '../../../src/telemetry/logger.ts'
import { type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts'
import { startService, type ServiceOptions } from '../../support/service.ts'
import { until } from '../../support/until.ts'

export const agentTrace = '4bf92f3577b34da6a3ce929d0e0e4736'
export const agentSpan = '00f067aa0ba902b7'
export const traceparent = `00-${agentTrace}-${agentSpan}-01`

/** A service that is traced, and what its collector gets of that. */
export async function startTraced(t: TestContext, options: ServiceOptions = {}) {
  const receiver = await startOtlpReceiver(t)
  const settings = {
    endpoint: new URL(receiver.url),
    sampler: 'parentbased_always_on',
    sampledShare: 1,
  } as const
  const logger = createLogger('silent', { write: () => {} })
  const traces = await openTraces(settings, '1.2.3', logger)
  const running = await startService(t, { ...options, traces })
  const ended = () => running.logs().filter(({ msg }) => msg === 'request_ended').length
  return {
    ...running,
    receiver,
    /** All spans, when so many requests have ended. */
    async spansAfter(requests: number): Promise<readonly ReceivedSpan[]> {
      await until('the requests end', () => ended() >= requests)
      await traces.close()
      return receiver.spans()
    },
  }
}

/** The one span of that name. */
export function spanOf(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((candidate) => candidate.name === name)
  assert.ok(span, `there is no span ${name}`)
  assert.deepEqual(others, [], `there is one span ${name}`)
  return span
}
