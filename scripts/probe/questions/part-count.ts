import type { Switches } from '../../../src/sandbox/switches.ts'
import { outcomeName } from '../attempt.ts'
import { newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

// The quota is 1,000 (ECR Public quota page). The minimum size of a part is documented for
// CompleteLayerUpload only, so parts of one byte do, where 5 MiB each would come to 5 GiB.
const tries = 1001

export const partCount: Question = {
  topic: 'the part after the last allowed one',
  calls: { InitiateLayerUpload: 1, UploadLayerPart: tries },
  effect: 'parts of one byte; leaves an upload',

  async ask(repository) {
    const uploadId = await repository.upload()
    for (let sent = 0; sent < tries; sent += 1) {
      const outcome = await repository.sendPart(uploadId, sent, newLayer(1))
      if (outcome.exception) {
        const name = outcomeName(outcome)
        const findings = [`part ${sent + 1}: ${name}: ${outcome.exception.message}`]
        return isLimitError(name)
          ? { findings, switches: { maxParts: sent, partsPastLimitError: name } }
          : { findings }
      }
    }
    return { findings: [`${tries} parts were accepted by UploadLayerPart`] }
  },
}

function isLimitError(name: string): name is Switches['partsPastLimitError'] {
  return (
    name === 'LimitExceededException' ||
    name === 'InvalidParameterException' ||
    name === 'InvalidLayerPartException'
  )
}
