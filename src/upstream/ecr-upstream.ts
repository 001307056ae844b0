import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  type ECRPUBLICClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import { openVerified } from '../layers/verified-layer.ts'
import { UpstreamError } from '../publish/upstream-error.ts'
import type { Call, Upstream } from '../publish/upstream.ts'
import { rangeLength } from '../registry/byte-range.ts'
import type { Observer } from '../registry/events.ts'
import { readAbsent, readCompleted, readPut, readStarted, readStored } from './answers.ts'
import { createAttempt } from './attempt.ts'
import type { BodyPool } from './body-pool.ts'
import { type Turns, unlimited } from './limiter/turns.ts'
import { createOwnRegistry } from './own-registry.ts'
import { encodePart } from './part-encoder.ts'
import { ecrPublicPartLimits, type PartLimits, partSizeBytes } from './part-size.ts'
import { acceptReadyBodies, type ReadyBodies } from './ready-bodies.ts'

export interface EcrUpstreamSettings {
  readonly client: ECRPUBLICClient
  readonly observer: Observer
  /** Where the bodies of parts are built: each must hold `bodyBytesFor` the largest part. */
  readonly bodies: BodyPool
  /** Of the client; needed where another upstream shares it. */
  readonly readyBodies?: ReadyBodies
  /** When each call may go out; at once when absent. */
  readonly turns?: Turns
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number
  /** For the answer to one call, from its first byte on. */
  readonly timeoutsMs?: Partial<Readonly<Record<keyof Upstream, number>>>
  readonly partLimits?: PartLimits
}

/** ECR hashes the whole layer while CompleteLayerUpload waits: minutes for the largest. */
const defaultTimeoutsMs: Readonly<Record<keyof Upstream, number>> = {
  absent: 10_000,
  start: 10_000,
  sendPart: 5 * 60_000,
  complete: 10 * 60_000,
  putManifest: 30_000,
  createRepository: 10_000,
}

/** The calls that are made, as AWS names them. */
export const upstreamOperations = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'PutImage',
  'CreateRepository',
] as const

/** How long a PutImage that was sent may go on for its answer when nobody wants it any more. */
const lastAnswerMs = 2_000

/** ECR Public API model (2020-10-30): BatchedOperationLayerDigestList. */
const maxDigests = 100

/** ECR Public through the AWS SDK: each call is made once. */
export function createEcrUpstream(settings: EcrUpstreamSettings): Upstream {
  const { client, observer, bodies } = settings
  const { now = () => performance.now(), partLimits = ecrPublicPartLimits } = settings
  const { turns = unlimited, readyBodies = acceptReadyBodies(client) } = settings
  const timeoutsMs = { ...defaultTimeoutsMs, ...settings.timeoutsMs }
  const attempt = createAttempt(client, observer, now, turns)
  const ownRegistry = createOwnRegistry(attempt, timeoutsMs.createRepository)

  return {
    async absent(call, digests) {
      if (digests.length > maxDigests) {
        throw new RangeError(`${digests.length} digests; one call takes ${maxDigests}.`)
      }
      if (digests.length === 0) return new Set()
      return attempt(call, {
        operation: 'BatchCheckLayerAvailability',
        command: new BatchCheckLayerAvailabilityCommand({
          ...repositoryOf(call),
          layerDigests: [...digests],
        }),
        timeoutMs: timeoutsMs.absent,
        read: (answer) => readAbsent(answer, digests),
      })
    },

    async start(call, layer) {
      const { id, namedPartSizeBytes } = await attempt(call, {
        operation: 'InitiateLayerUpload',
        command: new InitiateLayerUploadCommand(repositoryOf(call)),
        timeoutMs: timeoutsMs.start,
        read: readStarted,
      })
      return { id, partSizeBytes: partSizeBytes(namedPartSizeBytes, layer.sizeBytes, partLimits) }
    },

    async sendPart(call, upload, layer, range) {
      const members = {
        ...repositoryOf(call),
        uploadId: upload.id,
        partFirstByte: range.firstByte,
        partLastByte: range.lastByte,
      }
      await bodies.lend(call, async (body) => {
        await using reader = await openVerified(layer)
        const command = new UploadLayerPartCommand({ ...members, layerPartBlob: undefined })
        readyBodies.attach(command.input, await encodePart(body, members, reader, range))
        return await attempt(call, {
          operation: 'UploadLayerPart',
          command,
          timeoutMs: timeoutsMs.sendPart,
          layerBytes: rangeLength(range),
          read: (answer) => readStored(answer, range.lastByte),
        })
      })
    },

    async complete(call, upload, layer) {
      try {
        await attempt(call, {
          operation: 'CompleteLayerUpload',
          command: new CompleteLayerUploadCommand({
            ...repositoryOf(call),
            uploadId: upload.id,
            layerDigests: [layer.digest],
          }),
          digest: layer.digest,
          timeoutMs: timeoutsMs.complete,
          read: (answer) => readCompleted(answer, layer.digest),
        })
      } catch (error) {
        // Somebody else completed the same digest, which ECR had computed itself: it is there.
        if (isException(error, 'LayerAlreadyExistsException')) return
        throw error
      }
    },

    async putManifest(call, manifest, tag) {
      try {
        await attempt(call, {
          operation: 'PutImage',
          command: new PutImageCommand({
            ...repositoryOf(call),
            imageManifest: manifest.bytes.toString('utf8'),
            imageManifestMediaType: manifest.mediaType,
            imageDigest: manifest.digest,
            ...(tag === undefined ? {} : { imageTag: tag }),
          }),
          digest: manifest.digest,
          timeoutMs: timeoutsMs.putManifest,
          // Cut off in the middle, it might still move the tag, even after the next one has done so.
          lingerMs: lastAnswerMs,
          read: (answer) => readPut(answer, manifest.digest),
        })
      } catch (error) {
        // ECR compares `imageDigest` itself: the tag names this very manifest.
        if (isException(error, 'ImageAlreadyExistsException')) return
        throw error
      }
    },

    async createRepository(call) {
      await ownRegistry.require(call)
      try {
        await attempt(call, {
          operation: 'CreateRepository',
          command: new CreateRepositoryCommand({ repositoryName: call.repository }),
          timeoutMs: timeoutsMs.createRepository,
          read: () => undefined,
        })
        return 'created'
      } catch (error) {
        if (isException(error, 'RepositoryAlreadyExistsException')) return 'existed'
        throw error
      }
    },
  }
}

function isException(error: unknown, exception: string): boolean {
  return error instanceof UpstreamError && error.facts.exception === exception
}

function repositoryOf({ destination: { registryId }, repository }: Call) {
  return { ...(registryId === undefined ? {} : { registryId }), repositoryName: repository }
}
