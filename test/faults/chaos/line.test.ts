import { badLine } from './support/fates.ts'
import { scenarioTest } from './support/scenario-test.ts'

scenarioTest('what was acknowledged over a bad line is in ECR once, and nothing else is', {
  line: badLine,
  upstream: 0,
  disk: 0,
  clock: 0,
  seeds: 3,
  mustMeet: ['reset', 'end', 'stall', 'trickle', 'lost-answer', 'flip'],
})
