import { quietLine } from './support/fates.ts'
import { scenarioTest } from './support/scenario-test.ts'

scenarioTest('what was acknowledged while AWS failed is in ECR once, and nothing else is', {
  line: quietLine,
  upstream: 0.8,
  disk: 0,
  clock: 0,
  seeds: 3,
  mustMeet: [
    'exception',
    'reset-mid-body',
    'reset-before-storing',
    'reset-after-storing',
    'stall',
    'delay',
    'html-503',
    'empty-200',
    'truncated-answer',
    'flip-byte',
    'wrong-layer-digest',
    'expired-credentials',
    'clock-skew',
    'quota',
  ],
})
