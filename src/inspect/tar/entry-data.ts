import { archivedPath, type EntryHead, unpackedPath } from './entry-head.ts'
import { hasData, isOldDirectory, isUnpacked, typeName } from './entry-type.ts'
import { checkPaxNumbers } from './front-matter.ts'
import { sizeOf, typeOf } from './header-block.ts'
import { parseDecimal } from './pax-number.ts'
import { checkMapped, wrongMap } from './sparse-check.ts'
import { mappedDataBytes, sparseFileBytes, sparseMapPlace } from './sparse-records.ts'
import { tarFlaw, wrongSize } from './tar-flaw.ts'

/** What an entry has in the archive behind its headers. */
export interface EntryData {
  readonly sizeBytes: number
  /** Of a sparse file whose map stands in front of its data: its size once it is unpacked. */
  readonly mappedFileBytes?: number
}

/**
 * What the headers of an entry say of its data, as those understand them that unpack layers.
 *
 * @throws Malformed
 */
export function entryDataOf(head: EntryHead, block: Uint8Array): EntryData {
  const type = typeOf(block)
  if (!isUnpacked(type) && !isRoot(unpackedPath(head))) {
    const name = typeName(type)
    const happened = `is of type ${name}, which container runtimes do not unpack.`
    throw tarFlaw('type', head, happened, { type: name })
  }
  const { records } = head.front
  if (records) checkPaxNumbers(head, records)
  const dataBytes = dataBytesOf(head, block, type)
  const mapPlace = records && sparseMapPlace(records)
  if (!mapPlace) return { sizeBytes: dataBytes ?? 0 }
  const fileBytes = sparseFileBytes(records, dataBytes ?? 0)
  if (fileBytes === undefined || dataBytes === undefined) throw wrongMap(head)
  if (mapPlace === 'data') return { sizeBytes: dataBytes, mappedFileBytes: fileBytes }
  checkMapped(head, mappedDataBytes(records, fileBytes), dataBytes)
  return { sizeBytes: dataBytes }
}

/** What would be unpacked there is passed by, whatever it is. */
function isRoot(path: string): boolean {
  return path.split('/').every((name) => name === '' || name === '.')
}

/** @returns `undefined` where the type has no data, whatever size is given */
function dataBytesOf(head: EntryHead, block: Uint8Array, type: string): number | undefined {
  if (!hasData(type)) return undefined
  const writtenBytes = sizeOf(block)
  if (writtenBytes < 0) throw wrongSize(head, writtenBytes)
  if (isOldDirectory(type, () => archivedPath(head))) return undefined
  const sizeBytes = parseDecimal(head.front.records?.get('size') ?? '') ?? writtenBytes
  if (sizeBytes < 0 || sizeBytes > Number.MAX_SAFE_INTEGER) throw wrongSize(head, sizeBytes)
  return sizeBytes
}
