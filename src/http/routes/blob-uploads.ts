import type { FastifyInstance, FastifyReply } from 'fastify'
import type { TakeLayer } from '../../ingest/layer-intake.ts'
import type { ResumableUploads } from '../../ingest/resumable-uploads.ts'
import { nothingReceived, type UploadSession } from '../../ingest/upload-sessions.ts'
import type { MountBlob } from '../../publish/mount-blob.ts'
import type { FindBlob } from '../../reads/find-blob.ts'
import { type Digest, parseDigest } from '../../registry/digest.ts'
import { hasCode } from '../../registry/errors.ts'
import { refuseCodings } from '../content-coding.ts'
import { contentLength } from '../incoming-layer.ts'
import {
  bringsChunk,
  incomingChunk,
  type OciAccess,
  type OciPath,
  type OciRequest,
  type GrantOfCaller,
  grantFor,
  theUploadId,
} from '../oci-request.ts'
import { queryValues, theDigest } from '../query.ts'
import { type RecipientPorts, recipientOf } from '../recipient.ts'
import { hasBody, settleBody, welcomeBody } from '../request-body.ts'
import { duringRequest } from '../request-signal.ts'

export interface BlobUploadRoutes extends OciAccess, RecipientPorts {
  readonly uploads: ResumableUploads
  readonly takeLayer: TakeLayer
  readonly mountBlob: MountBlob
  readonly blobs: Pick<FindBlob, 'headBlob'>
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

type UploadPath = OciPath & { readonly id: string }

/** Pushing blobs: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#push */
export function blobUploadRoutes(app: FastifyInstance, ports: BlobUploadRoutes): void {
  const { uploads, takeLayer, acceptance, mountBlob, blobs, shutdown } = ports

  app.post<{ Params: OciPath }>(
    '/v2/:name/blobs/uploads/',
    { config: { operation: 'startBlobUpload' } },
    async (request, reply) => {
      const grant = grantFor(ports, request, 'push')
      const taken = await duringRequest(request, shutdown, async (signal) => {
        const digest =
          (await tryMount(request, grant, signal)) ??
          (await takeWhole(request, reply, grant, signal))
        // So that nobody sends 2 GB to a repository that is not there.
        if (!digest) await acceptance.check(grant, nothingReceived.digest, signal)
        return digest
      })
      // A body that nobody asked for would be read without end.
      await settleBody(request, reply)
      if (taken) return created(reply, grant, taken)
      const { repository, owner } = grant
      const session = await duringRequest(request, shutdown, (signal) =>
        uploads.begin({ repository, owner }, signal),
      )
      return accepted(reply, session)
    },
  )

  async function tryMount(
    request: OciRequest,
    grant: GrantOfCaller,
    signal: AbortSignal,
  ): Promise<Digest | undefined> {
    const [mount] = queryValues(request, 'mount')
    const digest = mount === undefined ? undefined : mountable(mount)
    if (digest === undefined) return undefined
    if (await blobs.headBlob(grant, digest, signal)) return digest
    const [from] = queryValues(request, 'from')
    const { canPull } = grant.caller
    const requestId = request.id
    const wanted = { target: grant, digest, canPull, requestId, ...(from && { from }) }
    return (await mountBlob(wanted, signal)) ? digest : undefined
  }

  /** For a request that has the digest and the blob at once. */
  async function takeWhole(
    request: OciRequest,
    reply: FastifyReply,
    grant: GrantOfCaller,
    signal: AbortSignal,
  ): Promise<Digest | undefined> {
    const digests = queryValues(request, 'digest')
    if (digests.length === 0 || !hasBody(request.raw)) return undefined
    const expected = theDigest(digests)
    refuseCodings(request)
    const { repository, agent } = grant
    const sizeBytes = contentLength(request)
    const announcement = {
      repository,
      agent,
      entry: 'oci',
      requestId: request.id,
      expected,
      ...(sizeBytes !== undefined && { sizeBytes }),
    } as const
    await takeLayer(announcement, signal, async (intake) => {
      welcomeBody(request, reply)
      const received = await intake.receive(request.raw)
      return intake.finish(
        received,
        expected,
        recipientOf(ports, 'blob', grant, grant.caller, signal),
      )
    })
    return expected
  }

  app.patch<{ Params: UploadPath }>(
    '/v2/:name/blobs/uploads/:id',
    { config: { operation: 'appendBlobChunk' } },
    async (request, reply) => {
      const { repository, agent, owner } = grantFor(ports, request, 'push')
      const upload = { repository, agent, owner, id: theUploadId(request), requestId: request.id }
      const chunk = incomingChunk(request, reply)
      const session = await duringRequest(request, shutdown, (signal) =>
        uploads.append(upload, chunk, signal),
      ).catch((error: unknown) => tellOffset(reply, request, error))
      return accepted(reply, session)
    },
  )

  app.put<{ Params: UploadPath }>(
    '/v2/:name/blobs/uploads/:id',
    { config: { operation: 'finishBlobUpload' } },
    async (request, reply) => {
      const grant = grantFor(ports, request, 'push')
      const { repository, agent, owner } = grant
      const upload = { repository, agent, owner, id: theUploadId(request), requestId: request.id }
      const expected = theDigest(queryValues(request, 'digest'))
      const chunk = bringsChunk(request) ? incomingChunk(request, reply) : undefined
      await duringRequest(request, shutdown, (signal) => {
        const recipient = recipientOf(ports, 'blob', grant, grant.caller, signal)
        return uploads.finish(upload, chunk, expected, recipient, signal)
      }).catch((error: unknown) => tellOffset(reply, request, error))
      reply.header('docker-upload-uuid', upload.id)
      return created(reply, grant, expected)
    },
  )

  app.get<{ Params: UploadPath }>(
    '/v2/:name/blobs/uploads/:id',
    { config: { operation: 'getBlobUpload' } },
    async (request, reply) => {
      const { repository, owner } = grantFor(ports, request, 'push')
      const session = await uploads.find({ repository, owner, id: theUploadId(request) })
      return standing(reply, session).code(204).send()
    },
  )

  app.delete<{ Params: UploadPath }>(
    '/v2/:name/blobs/uploads/:id',
    { config: { operation: 'cancelBlobUpload' } },
    async (request, reply) => {
      const { repository, owner } = grantFor(ports, request, 'push')
      const upload = { repository, owner, id: theUploadId(request) }
      await duringRequest(request, shutdown, (signal) => uploads.cancel(upload, signal))
      return reply.code(204).send()
    },
  )
}

/** What ECR cannot hold is not here: the client is told so when it sends it. */
function mountable(text: string): Digest | undefined {
  try {
    return parseDigest(text)
  } catch (error) {
    if (hasCode(error, 'digest_unsupported')) return undefined
    throw error
  }
}

function accepted(reply: FastifyReply, session: UploadSession): FastifyReply {
  return standing(reply, session).code(202).send()
}

/** Relative, and without a query: several clients take nothing else through a proxy. */
function standing(reply: FastifyReply, { repository, id, received }: UploadSession): FastifyReply {
  return reply
    .header('location', uploadLocation(repository, id))
    .header('range', storedRange(received.sizeBytes))
    .header('docker-upload-uuid', id)
}

function created(reply: FastifyReply, { repository }: GrantOfCaller, digest: Digest): FastifyReply {
  return reply
    .code(201)
    .header('location', `/v2/${repository}/blobs/${digest}`)
    .header('docker-content-digest', digest)
    .send()
}

/** With a refused range the client is told where to go on. */
function tellOffset(reply: FastifyReply, request: OciRequest<UploadPath>, error: unknown): never {
  if (hasCode(error, 'upload_range_invalid')) {
    const { name, id } = request.params
    reply.header('location', uploadLocation(name, id))
    reply.header('range', storedRange(error.facts.actual?.sizeBytes ?? 0))
  }
  throw error
}

function uploadLocation(repository: string, id: string): string {
  return `/v2/${repository}/blobs/uploads/${id}`
}

/** No bytes at all cannot be said with both ends included: every registry says `0-0` then. */
function storedRange(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`
}
