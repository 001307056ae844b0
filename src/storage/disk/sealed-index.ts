import type { SealedLayer } from '../../layers/spool.ts'
import type { UploadId } from '../../registry/upload-id.ts'

/** A sealed layer and the upload that brought its bytes, whose id is the name of the file. */
export interface StoredLayer extends SealedLayer {
  readonly uploadId: UploadId
}

/** The durable list of sealed layers. Every change is durable when its promise resolves. */
export interface SealedIndex {
  /** The one that was sealed the longest time ago comes first. */
  all(): Promise<readonly StoredLayer[]>
  /** Takes the place of an older row of the same digest. */
  put(layer: StoredLayer): Promise<void>
  remove(layer: StoredLayer): Promise<void>
}
