import type { Flaw } from '../../registry/findings.ts'
import { Malformed } from '../malformed.ts'
import { archiveKind, isBlank, isEmptyArchive } from './archive-kind.ts'
import type { Coming } from './coming.ts'
import { hasMagic } from './header-block.ts'
import { createHeaderWalk } from './header-walk.ts'
import { createPieceGatherer } from './piece.ts'

/**
 * Checks a tar archive while its bytes go by. Good is what containerd and Docker unpack. Of the contents of files it keeps nothing, of
 * what announces them 1 MiB at most.
 */
export interface TarReader {
  /**
   * Takes the next bytes. What is wrong with them is kept in `flaw`; what follows is passed by.
   *
   * @throws BeyondLimit
   */
  write(bytes: Uint8Array): void
  /** No more bytes will come. */
  end(): void
  readonly isTar: boolean
  /** Whether `isTar` stays as it is: after 512 bytes; where those are zeros, with the first byte that is none, or at the end. */
  readonly isKnown: boolean
  /** Whose headers are good, as far as they were read. */
  readonly entries: number
  readonly flaw: Flaw | undefined
}

export function createTarReader(limits: { readonly maxEntries: number }): TarReader {
  const walk = createHeaderWalk(limits.maxEntries)
  const pieces = createPieceGatherer()
  let positionBytes = 0
  let kind: ReturnType<typeof archiveKind> | undefined
  let coming: Coming | undefined = { ...walk.start, take: takeFirst }
  /** Data and padding in front of what is coming. */
  let skipBytes = 0
  let flaw: Flaw | undefined

  function takeFirst(block: Uint8Array, offset: number): Coming | undefined {
    kind = archiveKind(block)
    return kind === 'tar' ? walk.start.take(block, offset) : undefined
  }

  function takePieces(bytes: Uint8Array): void {
    let at = 0
    while (coming && at < bytes.length) {
      const skippedBytes = Math.min(skipBytes, bytes.length - at)
      skipBytes -= skippedBytes
      at += skippedBytes
      if (at === bytes.length) break
      const { pieceBytes, take }: Coming = coming
      const end = at + pieceBytes - pieces.heldBytes
      const piece = pieces.take(bytes, at, pieceBytes)
      at = Math.min(end, bytes.length)
      if (!piece) break
      coming = take(piece, positionBytes + end - pieceBytes)
      skipBytes = coming ? coming.dataBytes + coming.paddingBytes : 0
    }
    walk.settle()
  }

  function checkEnd(): void {
    if (!coming) return
    const { heldBytes } = pieces
    const missingDataBytes = skipBytes - coming.paddingBytes
    if (missingDataBytes > 0) throw walk.endsEarly(positionBytes, missingDataBytes)
    if (coming.isOptional && heldBytes === 0) return
    const headerOffset = coming.isHeader && heldBytes > 0 ? positionBytes - heldBytes : undefined
    const missingBytes = skipBytes + coming.pieceBytes - heldBytes
    throw walk.endsEarly(positionBytes, missingBytes, headerOffset)
  }

  /** Whatever happens, what comes later is passed by. */
  function keepFlaw(error: unknown): void {
    coming = undefined
    if (!(error instanceof Malformed)) throw error
    flaw = error.flaw
  }

  return {
    write(bytes) {
      try {
        takePieces(bytes)
        if (kind === 'blank' && !isBlank(bytes)) kind = 'other'
      } catch (error) {
        keepFlaw(error)
      }
      positionBytes += bytes.length
    },
    end() {
      kind ??= hasMagic(pieces.held) ? 'tar' : 'other'
      if (kind === 'blank') kind = isEmptyArchive(positionBytes) ? 'tar' : 'other'
      if (kind !== 'tar') return
      try {
        checkEnd()
      } catch (error) {
        keepFlaw(error)
      }
    },
    get isTar() {
      return kind === 'tar'
    },
    get isKnown() {
      return kind !== undefined && kind !== 'blank'
    },
    get entries() {
      return walk.entries
    },
    get flaw() {
      return flaw
    },
  }
}
