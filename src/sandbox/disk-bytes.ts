import { constants, createReadStream, mkdirSync } from 'node:fs'
import { type FileHandle, open, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { LayerBytes } from './layer-bytes.ts'

/** One file per upload and per layer, in two folders of `dataDir`. */
export function diskBytes(dataDir: string): LayerBytes {
  const uploads = join(dataDir, 'uploads')
  const layers = join(dataDir, 'layers')
  mkdirSync(uploads, { recursive: true })
  mkdirSync(layers, { recursive: true })
  const uploadFile = (uploadId: string): string => join(uploads, uploadId)
  const layerFile = (digest: string): string => join(layers, digest.replace(':', '-'))

  return {
    async append(uploadId, offset, bytes) {
      // Neither 'a' nor 'r+': the first part creates the file, and a crash may have left bytes behind `offset`.
      const file = await open(uploadFile(uploadId), constants.O_WRONLY | constants.O_CREAT)
      try {
        await writeFully(file, bytes, offset)
      } finally {
        await file.close()
      }
    },
    async seal(uploadId, sizeBytes, digest) {
      await truncate(uploadFile(uploadId), sizeBytes)
      await rename(uploadFile(uploadId), layerFile(digest))
    },
    discard: (uploadId) => rm(uploadFile(uploadId), { force: true }),
    readUpload: (uploadId, sizeBytes) =>
      createReadStream(uploadFile(uploadId), { end: sizeBytes - 1 }),
    readLayer: (digest, range) => {
      const bounds = range ? { start: range.firstByte, end: range.lastByte } : {}
      return createReadStream(layerFile(digest), bounds)
    },
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const rest = bytes.length - written
    written += (await file.write(bytes, written, rest, offset + written)).bytesWritten
  }
}
