import { createHash } from 'node:crypto'
import { type Digest, sha256Digest } from '../registry/digest.ts'
import type { Contents, Flaw } from '../registry/findings.ts'
import { allowedWorkBytes, harmlessBytes, type InspectionLimits } from './limits.ts'
import { BeyondLimit } from './malformed.ts'
import { contentsBytes, sniffOpaque } from './sniff.ts'
import { createTarReader } from './tar/tar-reader.ts'

/** What lies inside of the compression. */
export interface ContentsReader {
  /** @throws BeyondLimit */
  write(bytes: Uint8Array): void
  /** No more bytes will come: then a tar archive is known to be whole or not. */
  end(): void
  readonly sizeBytes: number
  readonly kind: Contents
  /** Whether more bytes could change what is known. */
  readonly isDecided: boolean
  /** Of the tar archive. */
  readonly entries: number
  /** Of the tar archive. */
  readonly flaw: Flaw | undefined
  digest(): Digest | undefined
}

export interface ContentsOptions {
  readonly limits: InspectionLimits
  /** Whether their digest is wanted: what is not compressed has been hashed before. */
  readonly isHashed: boolean
  /** How many bytes before the compression was taken away these are, so far. */
  readonly compressedBytes: () => number
}

export function createContentsReader(options: ContentsOptions): ContentsReader {
  const { limits, isHashed, compressedBytes } = options
  const hash = isHashed ? createHash('sha256') : undefined
  const tar = createTarReader(limits)
  const head = Buffer.alloc(contentsBytes)
  let sizeBytes = 0

  function requireLimits(): void {
    if (sizeBytes > limits.maxInflatedBytes) throw new BeyondLimit('bytes')
    if (sizeBytes <= harmlessBytes) return
    if (sizeBytes > limits.maxRatio * compressedBytes()) throw new BeyondLimit('ratio')
    if (isHashed && sizeBytes > allowedWorkBytes(limits, compressedBytes())) {
      throw new BeyondLimit('work')
    }
  }

  return {
    write(bytes) {
      if (sizeBytes < contentsBytes)
        head.set(bytes.subarray(0, contentsBytes - sizeBytes), sizeBytes)
      sizeBytes += bytes.length
      requireLimits()
      hash?.update(bytes)
      tar.write(bytes)
    },
    end: () => tar.end(),
    get sizeBytes() {
      return sizeBytes
    },
    get kind() {
      if (tar.isTar) return 'tar'
      return sizeBytes === 0 ? 'empty' : sniffOpaque(head.subarray(0, sizeBytes))
    },
    get isDecided() {
      return !isHashed && (tar.flaw !== undefined || (tar.isKnown && !tar.isTar))
    },
    get entries() {
      return tar.entries
    },
    get flaw() {
      return tar.flaw
    },
    digest: () => hash && sha256Digest(hash.copy().digest('hex')),
  }
}
