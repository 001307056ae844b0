import { outcomeName } from '../attempt.ts'
import { digestOf, manifestOf, newLayer } from '../layer.ts'
import type { Question } from '../question.ts'

const unknownUploadId = '00000000-0000-4000-8000-000000000000'

export const exceptions: Question = {
  topic: 'names of exceptions',
  calls: {
    InitiateLayerUpload: 8,
    UploadLayerPart: 4,
    CompleteLayerUpload: 5,
    PutImage: 2,
    DescribeImages: 1,
  },
  effect: 'two of the calls with wrong credentials; leaves 2 uploads and 2 layers, no image',

  async ask(repository) {
    const config = newLayer()
    const layer = newLayer()
    await repository.pushLayer(config)
    await repository.pushLayer(layer)
    const empty = await repository.upload()
    const shortParts = [newLayer(), newLayer()]
    const tooSmall = await repository.upload(...shortParts)
    const missing = manifestOf(config, [newLayer()])
    const { accessKeyId, sessionToken } = await repository.credentials()
    const wrongSecret = {
      accessKeyId,
      secretAccessKey: 'wrong',
      ...(sessionToken && { sessionToken }),
    }
    const unknownKey = { accessKeyId: 'AKIALAYERGATEUNKNOWN', secretAccessKey: 'wrong' }

    const outcomes = {
      'a missing repository': await repository.initiate('layergate-probe/no-such-repository'),
      'a repository name against the grammar': await repository.initiate('Not--A--Name'),
      'an unknown upload': await repository.complete(unknownUploadId, digestOf(layer)),
      'an upload without parts': await repository.complete(empty, digestOf('')),
      'a short part in the middle': await repository.complete(
        tooSmall,
        digestOf(Buffer.concat(shortParts)),
      ),
      'an image without its layer': await repository.putImage(missing),
      'a wrong image digest': await repository.putImage(
        manifestOf(config, [layer]),
        digestOf(layer),
      ),
      'an unknown image': await repository.describeImage(digestOf(layer)),
      'a wrong secret key': await repository.initiateAs(wrongSecret),
      'an unknown access key': await repository.initiateAs(unknownKey),
    }
    return {
      findings: Object.entries(outcomes).map(
        ([what, outcome]) => `${what}: ${outcomeName(outcome)}`,
      ),
    }
  },
}
