import { outcomeName } from '../attempt.ts'
import { digestOf, newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

export const invalidLayer: Question = {
  topic: 'an upload after InvalidLayerException',
  calls: { InitiateLayerUpload: 1, UploadLayerPart: 1, CompleteLayerUpload: 2 },
  effect: 'leaves an upload or a layer',

  async ask(repository) {
    const layer = newLayer()
    const uploadId = await repository.upload(layer)
    const mismatch = await repository.complete(uploadId, digestOf('other bytes'))
    const correction = await repository.complete(uploadId, digestOf(layer))
    const findings = [
      `CompleteLayerUpload with a wrong digest: ${outcomeName(mismatch)}`,
      `then with the right one: ${outcomeName(correction)}`,
    ]
    if (mismatch.exception?.name !== 'InvalidLayerException') return { findings }
    if (correction.output) return { findings, switches: { uploadAfterInvalidLayer: 'kept' } }
    if (correction.exception.name !== 'UploadNotFoundException') return { findings }
    return { findings, switches: { uploadAfterInvalidLayer: 'dropped' } }
  },
}
