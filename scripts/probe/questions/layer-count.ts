import { outcomeName } from '../attempt.ts'
import { manifestOf, newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

// About 500 layers per image were measured on private ECR (openai/tart#890).
const tries = 501

export const layerCount: Question = {
  topic: 'layers in an image',
  calls: {
    InitiateLayerUpload: tries + 1,
    UploadLayerPart: tries + 1,
    CompleteLayerUpload: tries + 1,
    PutImage: 10,
  },
  effect: `leaves ${tries + 1} layers and up to 10 images without a tag`,

  async ask(repository) {
    const config = newLayer()
    const layers = Array.from({ length: tries }, () => newLayer())
    for (const blob of [config, ...layers]) await repository.pushLayer(blob)

    const putFirst = (count: number) =>
      repository.putImage(manifestOf(config, layers.slice(0, count)))
    const refusal = await putFirst(tries)
    if (refusal.output) return { findings: [`an image of ${tries} layers was accepted`] }

    let accepted = 0
    let refused = tries
    while (refused - accepted > 1) {
      const count = Math.floor((accepted + refused) / 2)
      const outcome = await putFirst(count)
      if (outcome.output) accepted = count
      else refused = count
    }
    const findings = [
      `an image of ${refused} layers: ${outcomeName(refusal)}: ${refusal.exception.message}`,
    ]
    // Not even one layer: then it was something else that was refused.
    return accepted === 0 ? { findings } : { findings, switches: { maxLayersPerImage: accepted } }
  },
}
