import { blockBytes } from './header-block.ts'

/** What the next bytes of an archive are: some that are passed by, then a piece that is read. */
export interface Coming {
  /** Data of an entry, to be passed by. */
  readonly dataBytes: number
  /** What fills it up to a whole block. Go's archive/tar lets it be missing at the end of the file, GNU tar does not. */
  readonly paddingBytes: number
  /** Then. */
  readonly pieceBytes: number
  /** A header, rather than something that belongs to the last one. */
  readonly isHeader: boolean
  /** The archive may end in front of the piece. */
  readonly isOptional: boolean
  /**
   * @param piece must be valid until the walk is told to settle
   * @param offset of the piece in the archive
   * @returns `undefined` where the archive ends: what follows does not count
   * @throws Malformed
   * @throws BeyondLimit
   */
  take(piece: Uint8Array, offset: number): Coming | undefined
}

/** A piece that belongs to the last header. */
export function belonging(pieceBytes: number, take: Coming['take']): Coming {
  return { dataBytes: 0, paddingBytes: 0, pieceBytes, isHeader: false, isOptional: false, take }
}

export function paddingOf(dataBytes: number): number {
  return (blockBytes - (dataBytes % blockBytes)) % blockBytes
}
