import type { Malformed } from '../malformed.ts'
import type { EntryHead } from './entry-head.ts'
import { tarFlaw } from './tar-flaw.ts'

/**
 * Go's archive/tar refuses a sparse file whose map knows of more data than there is, or of less.
 *
 * @param mappedBytes how much the map knows of; `undefined` where it is malformed
 * @throws Malformed
 */
export function checkMapped(
  head: EntryHead,
  mappedBytes: number | undefined,
  dataBytes: number,
): void {
  if (mappedBytes === undefined) throw wrongMap(head)
  if (mappedBytes === dataBytes) return
  const happened = `is a sparse file with ${dataBytes} bytes of data, and a map of ${mappedBytes}.`
  throw tarFlaw('sparse', head, happened, { mappedBytes, dataBytes })
}

export function wrongMap(head: EntryHead): Malformed {
  return tarFlaw('sparse', head, 'is a sparse file with a malformed map.')
}
