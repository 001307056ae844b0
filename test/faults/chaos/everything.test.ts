import { badLine } from './support/fates.ts'
import { scenarioTest } from './support/scenario-test.ts'

scenarioTest('what was acknowledged while everything failed is in ECR once, and nothing else is', {
  line: badLine,
  upstream: 0.3,
  disk: 0.2,
  clock: 0.1,
  // Debts do not expire by a clock that jumps for two days.
  env: { LAYERGATE_SPOOL_MAX: '40MiB', LAYERGATE_FORWARD_TTL: '576h' },
  seeds: 4,
  mustMeet: ['reset', 'lost-answer', 'reset-after-storing', 'failed sync', 'clock back'],
})
