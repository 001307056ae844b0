import { InvalidLayerPartException } from '@aws-sdk/client-ecr-public'
import { outcomeName } from '../attempt.ts'
import { newLayer } from '../layer.ts'
import type { Question } from '../question.ts'
import type { ThrowawayRepository } from '../throwaway-repository.ts'

export const invalidPart: Question = {
  topic: 'lastValidByteReceived',
  calls: { InitiateLayerUpload: 2, UploadLayerPart: 4 },
  effect: 'leaves 2 uploads',

  async ask(repository) {
    const part = newLayer()
    const uploadId = await repository.upload(part)
    const gap = await refusePart(repository, uploadId, 2 * part.length)
    const repeat = await refusePart(repository, uploadId, 0)
    const first = await refusePart(repository, await repository.upload(), part.length)
    const findings = [
      `a part after a gap: ${gap.text}; the last byte sent was ${part.length - 1}`,
      `the first part sent again: ${repeat.text}`,
      `a gap before any part: ${first.text}`,
    ]
    if (!gap.isInvalidPart) return { findings }
    return {
      findings,
      switches: { lastValidByte: gap.lastValidByte === part.length - 1 ? 'present' : 'absent' },
    }
  },
}

async function refusePart(repository: ThrowawayRepository, uploadId: string, firstByte: number) {
  const outcome = await repository.sendPart(uploadId, firstByte, newLayer())
  const { exception } = outcome
  const isInvalidPart = exception instanceof InvalidLayerPartException
  const lastValidByte = isInvalidPart ? exception.lastValidByteReceived : undefined
  const text = `${outcomeName(outcome)}, lastValidByteReceived ${lastValidByte ?? 'absent'}`
  return { isInvalidPart, lastValidByte, text }
}
