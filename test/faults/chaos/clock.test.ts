import { quietLine } from './support/fates.ts'
import { scenarioTest } from './support/scenario-test.ts'

scenarioTest('what was acknowledged while the clock jumped is in ECR once, and nothing else is', {
  line: quietLine,
  upstream: 0.15,
  disk: 0,
  clock: 0.3,
  // Debts do not expire by a clock that jumps for two days.
  env: { LAYERGATE_FORWARD_TTL: '576h' },
  seeds: 2,
  mustMeet: ['clock back', 'clock ahead'],
})
