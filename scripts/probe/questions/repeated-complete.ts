import { outcomeName, succeeded } from '../attempt.ts'
import { digestOf, newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

export const repeatedComplete: Question = {
  topic: 'a second CompleteLayerUpload',
  calls: { InitiateLayerUpload: 1, UploadLayerPart: 1, CompleteLayerUpload: 2 },
  effect: 'leaves a layer',

  async ask(repository) {
    const layer = newLayer()
    const uploadId = await repository.upload(layer)
    succeeded('CompleteLayerUpload', await repository.complete(uploadId, digestOf(layer)))
    const second = outcomeName(await repository.complete(uploadId, digestOf(layer)))
    const findings = [`CompleteLayerUpload again, after success: ${second}`]
    return second === 'UploadNotFoundException' || second === 'LayerAlreadyExistsException'
      ? { findings, switches: { repeatedComplete: second } }
      : { findings }
  },
}
