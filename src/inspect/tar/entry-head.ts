import { pathOf } from './header-block.ts'
import type { PaxRecords } from './pax-records.ts'

/** What stands in front of an entry's header, and says more of it than fits in there. */
export interface FrontMatter {
  /** Of the last pax header: to Go's archive/tar, those before it do not count. */
  readonly records?: PaxRecords
  /** A byte for a character. */
  readonly longPath?: string
}

/** Where nothing announced the next header. */
export const noFrontMatter: FrontMatter = {}

/** The headers of one entry, as far as they were read. */
export interface EntryHead {
  /** Counted from 1. */
  readonly entry: number
  /** Where the last one of them starts. */
  readonly offset: number
  readonly front: FrontMatter
  /** The entry's own header, once it is known to be one. */
  readonly block?: Uint8Array
}

/** The path that the entry has in the archive, a byte for a character. Empty where it is not known. */
export function archivedPath({ front, block }: EntryHead): string {
  return front.longPath || front.records?.get('path') || (block ? pathOf(block) : '')
}

/** The path that the entry gets once it is unpacked: for sparse files, GNU tar writes another one into the archive. */
export function unpackedPath(head: EntryHead): string {
  return head.front.records?.get('GNU.sparse.name') || archivedPath(head)
}
