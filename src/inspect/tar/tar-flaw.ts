import type { Evidence } from '../../registry/diagnosis.ts'
import { Malformed } from '../malformed.ts'
import { type EntryHead, unpackedPath } from './entry-head.ts'

/** What can be wrong with a tar archive. */
export type TarProblem =
  /** A header's checksum. What is no header at all shows in this. */
  | 'checksum'
  /** A number in a header is none. */
  | 'number'
  /** A size that no file can have. */
  | 'size'
  /** A record of a pax header is malformed. */
  | 'pax'
  /** A pax header or a long name is larger than 1 MiB. */
  | 'too_long'
  /** The map of a sparse file is malformed, or is not that of its data. */
  | 'sparse'
  /** Nobody unpacks entries of this type. */
  | 'type'
  /** A zero block stands alone, and something else behind it. */
  | 'zero_block'
  | 'ends_early'

/**
 * @param head of the entry where it is wrong
 * @param happened what, behind the name of the entry: `has no size.`
 * @param more what else belongs into the evidence
 */
export function tarFlaw(
  problem: TarProblem,
  head: EntryHead,
  happened: string,
  more: Evidence = {},
): Malformed {
  const { entry, offset } = head
  const path = unpackedPath(head)
  const name = path === '' ? '' : ` (${quoted(path)})`
  const detail = `Tar entry ${entry}${name}, whose header is at byte ${offset}, ${happened}`
  return new Malformed('malformed_tar', detail, { problem, entry, offset, ...more })
}

/** A size that no file can have. */
export function wrongSize(head: EntryHead, sizeBytes: number): Malformed {
  return tarFlaw('size', head, 'has a size that no file can have.', { sizeBytes })
}

/** No character of UTF-8 takes more than four bytes. */
const maxPathBytes = 4 * 100

function quoted(path: string): string {
  const text = Buffer.from(path.slice(0, maxPathBytes), 'latin1').toString('utf8')
  return JSON.stringify(/^.{0,100}/su.exec(text)?.[0])
}
