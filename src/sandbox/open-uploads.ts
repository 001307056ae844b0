import { createHash, type Hash, randomUUID } from 'node:crypto'
import { exception } from './exceptions.ts'
import type { Journal } from './journal.ts'
import type { LayerBytes } from './layer-bytes.ts'
import type { Repository, Upload } from './state.ts'
import type { SwitchBoard } from './switches.ts'

/** Uploads between InitiateLayerUpload and CompleteLayerUpload, with the running digest of each. */
export interface OpenUploads {
  /** @returns the upload's id */
  readonly start: (repository: Repository) => string
  /** @throws ApiException UploadNotFoundException: unknown, expired, or of another repository */
  readonly find: (repository: Repository, uploadId: string) => Promise<Upload>
  /** Stores the bytes behind those of the earlier parts. */
  readonly append: (upload: Upload, blob: Buffer) => Promise<void>
  /** The sha256 digest of the parts so far. */
  readonly digest: (upload: Upload) => Promise<string>
  /** Makes it a layer of its repository and ends it. */
  readonly seal: (upload: Upload, digest: string) => Promise<void>
  /** Ends it without a layer. */
  readonly drop: (upload: Upload) => Promise<void>
}

export function createOpenUploads(
  { state, record }: Journal,
  bytes: LayerBytes,
  switches: SwitchBoard,
  nowMs: () => number,
): OpenUploads {
  const hashes = new Map<string, Hash>()

  /** The running hash; after a restart it is made anew from the stored bytes, once. */
  const hashOf = async ({ uploadId, sizeBytes }: Upload): Promise<Hash> => {
    const running = hashes.get(uploadId)
    if (running) return running
    const hash = createHash('sha256')
    if (sizeBytes > 0) {
      for await (const chunk of bytes.readUpload(uploadId, sizeBytes)) hash.update(chunk)
    }
    hashes.set(uploadId, hash)
    return hash
  }

  const isOver = ({ uploadId, startedAtMs, bytesKept }: Upload): boolean => {
    const hashIsLost = !bytesKept && !hashes.has(uploadId)
    return hashIsLost || nowMs() - startedAtMs >= switches.now().uploadTtlMs
  }

  const drop = async ({ uploadId }: Upload): Promise<void> => {
    record({ event: 'upload-ended', uploadId, completed: false })
    hashes.delete(uploadId)
    await bytes.discard(uploadId)
  }

  return {
    drop,
    start: ({ name }) => {
      const uploadId = randomUUID()
      const bytesKept = switches.now().keepBytes
      record({ event: 'upload-started', uploadId, repository: name, bytesKept, atMs: nowMs() })
      hashes.set(uploadId, createHash('sha256'))
      return uploadId
    },
    find: async ({ name }, uploadId) => {
      const upload = state.uploads.get(uploadId)
      const over = upload && isOver(upload)
      if (over) await drop(upload)
      if (upload && !over && upload.repository === name) return upload
      throw exception(
        'UploadNotFoundException',
        `The upload with id '${uploadId}' does not exist in the repository with name '${name}'`,
      )
    },
    append: async (upload, blob) => {
      const hash = await hashOf(upload)
      if (upload.bytesKept) await bytes.append(upload.uploadId, upload.sizeBytes, blob)
      record({ event: 'part-stored', uploadId: upload.uploadId, sizeBytes: blob.length })
      hash.update(blob)
    },
    digest: async (upload) => `sha256:${(await hashOf(upload)).copy().digest('hex')}`,
    seal: async ({ uploadId, repository, sizeBytes, bytesKept }, digest) => {
      if (bytesKept) await bytes.seal(uploadId, sizeBytes, digest)
      record(
        { event: 'layer-stored', repository, digest, sizeBytes, bytesKept, atMs: nowMs() },
        { event: 'upload-ended', uploadId, completed: true },
      )
      hashes.delete(uploadId)
    },
  }
}
