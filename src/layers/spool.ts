import type { Digest } from '../registry/digest.ts'
import type { UploadId } from '../registry/upload-id.ts'

/** Bytes as they were measured while they came in, or as they were sealed. */
export interface SealedLayer {
  readonly digest: Digest
  readonly sizeBytes: number
}

/** Takes the bytes of one upload. Disposing of it closes it and keeps what was flushed. */
export interface SpoolWriter extends AsyncDisposable {
  /**
   * Resolves when the writer wants more, which is how a slow disk slows the client down. It keeps nothing of `chunk`, whose memory
   * the caller may then use again.
   *
   * @throws LayergateError `spool_full`
   */
  write(chunk: Uint8Array): Promise<void>
  /**
   * Sets aside `bytes` beyond what was written or reserved so far.
   *
   * @throws LayergateError `spool_full`, and nothing has changed
   */
  reserve(bytes: number): Promise<void>
  /** Everything written so far is durable when this resolves. Returns how many bytes that is. */
  flush(): Promise<number>
}

export interface ByteReader extends AsyncDisposable {
  readonly sizeBytes: number
  /**
   * Fills `target` from `position` on. Returns how many bytes that were: fewer than asked only at the
   * end of them all.
   */
  read(target: Uint8Array, position: number): Promise<number>
}

/** Reads sealed bytes. They are not evicted while a reader is open. */
export interface SpoolReader extends ByteReader {
  /**
   * Removes the layer, since these bytes turned out to be wrong. Returns false, and removes nothing, when newer ones have
   * taken their place meanwhile.
   */
  condemn(): Promise<boolean>
}

/** Where bytes wait between the agent and AWS. Where they lie is the engine's matter. */
export interface Spool {
  /**
   * @param reserveBytes set aside beforehand; 0 when the size is not known. What comes beyond it is
   *   reserved as it comes.
   * @throws LayergateError `spool_full`
   */
  create(id: UploadId, reserveBytes: number): Promise<SpoolWriter>
  /**
   * Goes on with an upload behind its first `offsetBytes`; what lies beyond them is dropped. For whoever alone holds the
   * upload, and has closed the writer before. Nothing needs to be there of an upload without bytes.
   *
   * @param reserveBytes set aside beyond `offsetBytes`
   * @throws LayergateError `upload_unknown` when fewer bytes are there, or they cannot be trusted; `spool_full`
   */
  resume(id: UploadId, offsetBytes: number, reserveBytes: number): Promise<SpoolWriter>
  /**
   * Drops what lies beyond the first `sizeBytes` of an upload that nobody writes; where these are none, all that is there of it.
   *
   * @throws LayergateError `upload_unknown` when fewer bytes were kept, or they cannot be trusted; whether the file still has them, who
   *   seals it finds out
   */
  cut(id: UploadId, sizeBytes: number): Promise<void>
  /**
   * Reads what was flushed of an upload that is not sealed, and is not being written.
   *
   * @throws LayergateError `upload_unknown` when it is not there
   */
  openUpload(id: UploadId): Promise<ByteReader>
  /**
   * Makes the bytes of an upload durable and findable by digest. The upload is spent; sealing it once more
   * changes nothing.
   *
   * If the layer was sealed before, the newer bytes take the place of the older ones, which may have been
   * damaged since: a crash leaves one of the two, whole, and who reads the older ones reads them to the end.
   *
   * @throws LayergateError `upload_unknown` when the upload's bytes are not there (any more)
   * @throws Error when the stored size is not that of `layer`; what was sealed before stays
   */
  seal(id: UploadId, layer: SealedLayer): Promise<void>
  find(digest: Digest): Promise<SealedLayer | undefined>
  /** @throws LayergateError `spool_damaged` when the bytes are gone */
  open(digest: Digest): Promise<SpoolReader>
  /** Removes an upload that was not sealed; unknown ids are ignored. */
  discard(id: UploadId): Promise<void>
  /** Removes sealed layers, the oldest first, until `bytes` are free; returns how many it freed. */
  evict(bytes: number, mayGo: (digest: Digest) => Promise<boolean>): Promise<number>
  /** Resolves when space was freed since the call. */
  freed(signal: AbortSignal): Promise<void>
  usage(): SpoolUsage
}

export interface SpoolUsage {
  /** Bytes stored or reserved. */
  readonly usedBytes: number
  readonly capacityBytes: number
}
