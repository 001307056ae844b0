import { succeeded } from '../attempt.ts'
import { digestOf, newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

export const absentLayer: Question = {
  topic: 'how an absent layer is named',
  calls: { BatchCheckLayerAvailability: 1 },
  effect: 'leaves nothing',

  async ask(repository) {
    const { layers = [], failures = [] } = succeeded(
      'BatchCheckLayerAvailability',
      await repository.availability(digestOf(newLayer())),
    )
    const found = layers[0]?.layerAvailability ?? failures[0]?.failureCode
    const findings = [
      `an absent layer: ${found ?? 'neither in layers nor in failures'}${layers[0] ? '' : ', in failures'}`,
    ]
    if (layers[0]?.layerAvailability === 'UNAVAILABLE') {
      return { findings, switches: { absentAs: 'unavailable' } }
    }
    return failures[0] ? { findings, switches: { absentAs: 'failure' } } : { findings }
  },
}
