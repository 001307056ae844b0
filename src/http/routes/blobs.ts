import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { SpoolReader } from '../../layers/spool.ts'
import type { BlobRights, FindBlob } from '../../reads/find-blob.ts'
import { rangeLength } from '../../registry/byte-range.ts'
import { type Digest, parseDigest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import { blobStream } from '../blob-stream.ts'
import { wantedRange } from '../byte-range.ts'
import { type GrantOfCaller, type OciAccess, type OciPath, grantFor } from '../oci-request.ts'
import { duringRequest } from '../request-signal.ts'

export interface BlobRoutes extends OciAccess {
  readonly blobs: FindBlob
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

type BlobPath = OciPath & { readonly digest: string }

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs */
export function blobRoutes(app: FastifyInstance, ports: BlobRoutes): void {
  const { blobs, shutdown } = ports

  app.head<{ Params: BlobPath }>(
    '/v2/:name/blobs/:digest',
    { config: { operation: 'headBlob' } },
    async (request, reply) => {
      const digest = parseDigest(request.params.digest)
      const grant = grantFor(ports, request, 'pull')
      const found = await duringRequest(request, shutdown, (signal) =>
        blobs.headBlob(grant, digest, signal, rightsOf(grant)),
      )
      if (!found) throw unknown(request.params)
      return describe(reply, digest).header('content-length', found.sizeBytes).send()
    },
  )

  app.get<{ Params: BlobPath }>(
    '/v2/:name/blobs/:digest',
    { config: { operation: 'getBlob' } },
    async (request, reply) => {
      const digest = parseDigest(request.params.digest)
      const grant = grantFor(ports, request, 'pull')
      const blob = await duringRequest(request, shutdown, (signal) =>
        blobs.getBlob(grant, digest, signal, rightsOf(grant)),
      )
      if (!blob) throw unknown(request.params)
      if (blob.kind === 'redirect') return reply.code(307).header('location', blob.location).send()
      describe(reply, digest)
      if (blob.kind === 'stream') {
        return reply.header('content-length', blob.sizeBytes).send(blob.bytes)
      }
      return reply.send(await spooledBytes(blob.reader, request.headers.range, reply))
    },
  )
}

function rightsOf({ caller, repository }: GrantOfCaller): BlobRights {
  return { canPush: caller.canPush(repository), canPull: caller.canPull }
}

/** @throws LayergateError `blob_range_invalid` */
async function spooledBytes(
  reader: SpoolReader,
  wanted: string | undefined,
  reply: FastifyReply,
): Promise<Readable> {
  const { sizeBytes } = reader
  await using undo = new AsyncDisposableStack()
  undo.use(reader)
  reply.header('accept-ranges', 'bytes')
  const range = theRange(wanted, sizeBytes, reply)
  const { firstByte, lastByte } = range ?? { firstByte: 0, lastByte: sizeBytes - 1 }
  if (range) {
    reply.code(206).header('content-range', `bytes ${firstByte}-${lastByte}/${sizeBytes}`)
  }
  reply.header('content-length', rangeLength({ firstByte, lastByte }))
  // From here on the reader is the stream's to close.
  undo.move()
  return blobStream(reader, { firstByte, lastByte })
}

/** @throws LayergateError `blob_range_invalid`, and the answer says how many bytes there are */
function theRange(header: string | undefined, sizeBytes: number, reply: FastifyReply) {
  try {
    return wantedRange(header, sizeBytes)
  } catch (error) {
    reply.header('content-range', `bytes */${sizeBytes}`)
    throw error
  }
}

function describe(reply: FastifyReply, digest: Digest): FastifyReply {
  return reply.type('application/octet-stream').header('docker-content-digest', digest)
}

function unknown({ name, digest }: BlobPath): LayergateError {
  return new LayergateError('blob_unknown', `${name} has no blob ${digest}.`)
}
