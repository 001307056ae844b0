import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import { createSampler } from '../../../src/telemetry/traces/sampler.ts'
import type { SamplerName } from '../../../src/telemetry/traces/open-traces.ts'

/** Within the half that a share of 0.5 takes, and within the other one. */
const [low, high] = [`${'0'.repeat(31)}f`, `ffffffff${'0'.repeat(24)}`] as const
const spanId = '00f067aa0ba902b7'

/** Whether it is traced: without an agent's trace (both halves), with one that is traced, and with one that is not. */
const decisions: Readonly<Record<SamplerName, readonly boolean[]>> = {
  always_on: [true, true, true, true],
  always_off: [false, false, false, false],
  traceidratio: [true, false, false, true],
  parentbased_always_on: [true, true, true, false],
  parentbased_always_off: [false, false, true, false],
  parentbased_traceidratio: [true, false, true, false],
}

for (const name of Object.keys(decisions).filter(isSamplerName)) {
  test(`${name} decides as its name says`, () => {
    const sampler = createSampler({ sampler: name, sampledShare: 0.5 })
    const decide = (traceId: string, agentFlags?: TraceFlags) => {
      const parent =
        agentFlags === undefined
          ? ROOT_CONTEXT
          : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: agentFlags })
      const { decision } = sampler.shouldSample(parent, traceId, 'push', SpanKind.SERVER, {}, [])
      return decision === SamplingDecision.RECORD_AND_SAMPLED
    }
    assert.deepEqual(
      [decide(low), decide(high), decide(high, TraceFlags.SAMPLED), decide(low, TraceFlags.NONE)],
      decisions[name],
    )
  })
}

function isSamplerName(name: string): name is SamplerName {
  return name in decisions
}
