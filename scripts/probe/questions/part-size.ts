import { outcomeName, succeeded } from '../attempt.ts'
import { digestOf, MiB, newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

// 10 MiB is the quota (ECR Public quota page), 20 MiB the limit in the text of UploadLayerPart.
const candidates = [20 * MiB, 10 * MiB + 1, 10 * MiB, 5 * MiB]

export const partSize: Question = {
  topic: 'part size',
  calls: { InitiateLayerUpload: 5, UploadLayerPart: 4, CompleteLayerUpload: 4 },
  effect: 'sends 20 to 45 MiB; leaves up to 5 uploads and a layer',

  async ask(repository) {
    const { partSize: partSizeBytes } = succeeded(
      'InitiateLayerUpload',
      await repository.initiate(),
    )
    if (partSizeBytes === undefined) throw new Error('InitiateLayerUpload named no part size')
    const findings = [`InitiateLayerUpload answers partSize ${partSizeBytes}`]

    for (const sizeBytes of candidates) {
      const uploadId = await repository.upload()
      const layer = newLayer(sizeBytes)
      const sent = await repository.sendPart(uploadId, 0, layer)
      findings.push(`a part of ${sizeBytes} bytes: ${outcomeName(sent)}`)
      if (sent.exception) continue
      const completed = await repository.complete(uploadId, digestOf(layer))
      findings.push(`its CompleteLayerUpload: ${outcomeName(completed)}`)
      if (completed.output)
        return { findings, switches: { partSizeBytes, maxPartBytes: sizeBytes } }
    }
    return { findings, switches: { partSizeBytes } }
  },
}
