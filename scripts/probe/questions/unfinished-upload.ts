import { outcomeName } from '../attempt.ts'
import { newLayer } from '../layer.ts'
import type { Question } from '../question.ts'
import type { ThrowawayRepository } from '../throwaway-repository.ts'

export const unfinishedUpload: Question = {
  topic: 'lifetime of an unfinished upload',
  calls: { InitiateLayerUpload: 1, UploadLayerPart: 1 },
  effect: 'leaves an upload, for --check-upload',

  async ask(repository) {
    const uploadId = await repository.upload(newLayer())
    return {
      findings: [
        `upload ${uploadId} was left unfinished at ${new Date().toISOString()}; ask hours or days later with --check-upload ${uploadId}`,
      ],
    }
  },
}

/** Whether an upload that an earlier run left is still there. Looks without changing it. */
export async function checkUpload(repository: ThrowawayRepository, uploadId: string) {
  // A part behind a gap is refused, so asking does not prolong or spoil the upload's life.
  const behindGap = 1024 * 1024
  const outcome = await repository.sendPart(uploadId, behindGap, newLayer(1))
  const name = outcomeName(outcome)
  if (name === 'UploadNotFoundException') return `upload ${uploadId} is gone`
  if (name === 'InvalidLayerPartException') return `upload ${uploadId} is still there`
  return `upload ${uploadId}: ${name}, which tells nothing`
}
