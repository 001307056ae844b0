import type { IncomingMessage } from 'node:http'
import { parseRange } from '../byte-range.ts'
import type { LayerBytes } from '../layer-bytes.ts'
import type { Layer, Repository } from '../state.ts'
import type { SwitchBoard } from '../switches.ts'
import type { Answer } from '../wire.ts'
import { requireDigest } from './digest.ts'
import { ociError, originOf } from './errors.ts'
import { createSeal } from './seal.ts'

export const blobPrefix = '/_blobs/'

export interface Blobs {
  /** 307 to a URL that needs no token, or the bytes. @throws ApiException BLOB_UNKNOWN, DIGEST_INVALID */
  readonly get: (repository: Repository, digest: string, request: IncomingMessage) => Answer
  /** @throws ApiException BLOB_UNKNOWN, DIGEST_INVALID */
  readonly head: (repository: Repository, digest: string) => Answer
  /** The bytes behind the `id` of such a URL. @throws ApiException DENIED */
  readonly content: (id: string, request: IncomingMessage) => Answer
}

export function createBlobs(bytes: LayerBytes, switches: SwitchBoard): Blobs {
  const seal = createSeal()

  const bytesAnswer = (digest: string, sizeBytes: number, rangeHeader?: string): Answer => {
    const range = parseRange(rangeHeader, sizeBytes)
    if (range === 'unsatisfiable') {
      return {
        ...octets,
        status: 416,
        body: '',
        headers: { 'content-range': `bytes */${sizeBytes}` },
      }
    }
    const { firstByte, lastByte } = range ?? { firstByte: 0, lastByte: sizeBytes - 1 }
    return {
      ...octets,
      status: range ? 206 : 200,
      body: {
        sizeBytes: lastByte - firstByte + 1,
        read: () => bytes.readLayer(digest, { firstByte, lastByte }),
      },
      headers: {
        'accept-ranges': 'bytes',
        ...(range ? { 'content-range': `bytes ${firstByte}-${lastByte}/${sizeBytes}` } : {}),
      },
    }
  }

  const direct = ({ digest, sizeBytes }: Layer, rangeHeader?: string): Answer => {
    const answer = bytesAnswer(digest, sizeBytes, rangeHeader)
    return { ...answer, headers: { ...answer.headers, 'docker-content-digest': digest } }
  }

  return {
    get: (repository, digest, request) => {
      const layer = requireLayer(repository, digest)
      if (switches.now().blobGet === 'direct') return direct(layer, request.headers.range)
      const id = seal.close(layer.digest, String(layer.sizeBytes))
      const location = `${originOf(request)}${blobPrefix}${id}`
      return { ...octets, status: 307, body: '', headers: { location } }
    },
    head: (repository, digest) => direct(requireLayer(repository, digest)),
    content: (id, { headers }) => {
      const [digest, sizeBytes] = seal.open(id) ?? []
      if (digest === undefined) throw ociError('DENIED', 'The URL is not signed by this registry')
      return bytesAnswer(digest, Number(sizeBytes), headers.range)
    },
  }
}

const octets = { contentType: 'application/octet-stream' }

function requireLayer({ layers }: Repository, digest: string): Layer {
  const layer = layers.get(requireDigest(digest))
  // Of a layer whose bytes were not kept there is nothing to give.
  if (layer?.bytesKept) return layer
  throw ociError('BLOB_UNKNOWN', 'Requested layer not found')
}
