import { quietLine } from './support/fates.ts'
import { scenarioTest } from './support/scenario-test.ts'

scenarioTest('what was acknowledged on a bad disk is in ECR once, and nothing else is', {
  line: quietLine,
  upstream: 0,
  disk: 0.4,
  clock: 0,
  env: { LAYERGATE_SPOOL_MAX: '24MiB' },
  seeds: 3,
  mustMeet: ['full', 'short write', 'short read', 'failed sync', 'failed create'],
})
