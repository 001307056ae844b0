import type { ByteRange } from './byte-range.ts'

/** The bytes of uploads and layers. Layers are shared between repositories; who may see one is the state's business. */
export interface LayerBytes {
  /** Writes at `offset`, where the upload's stored bytes end. Keeps `bytes`: the caller must not change them. */
  append(uploadId: string, offset: number, bytes: Buffer): Promise<void>
  /** The upload's first `sizeBytes` become the layer. */
  seal(uploadId: string, sizeBytes: number, digest: string): Promise<void>
  discard(uploadId: string): Promise<void>
  readUpload(uploadId: string, sizeBytes: number): AsyncIterable<Buffer>
  /** All of it, or the bytes `firstByte` to `lastByte`, both included. */
  readLayer(digest: string, range?: ByteRange): AsyncIterable<Buffer>
}
