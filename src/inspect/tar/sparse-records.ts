import { parseDecimal } from './pax-number.ts'
import type { PaxRecords } from './pax-records.ts'
import { createSparseFragments } from './sparse-fragments.ts'

/** Where GNU tar puts the map of a sparse file: into the records themselves, or since 1.0 in front of the file's data. */
export type SparseMapPlace = 'records' | 'data'

/**
 * The versions that Go's archive/tar knows: to it, a file of any other is like one without holes. See
 * https://www.gnu.org/software/tar/manual/html_node/PAX-keywords.html.
 *
 * @returns `undefined` for a file without holes
 */
export function sparseMapPlace(records: PaxRecords): SparseMapPlace | undefined {
  const major = records.get('GNU.sparse.major') ?? ''
  const minor = records.get('GNU.sparse.minor') ?? ''
  if (major === '0' && (minor === '0' || minor === '1')) return 'records'
  if (major === '1' && minor === '0') return 'data'
  // The first ones wrote no version.
  const hasMap = (records.get('GNU.sparse.map') ?? '') !== ''
  return major === '' && minor === '' && hasMap ? 'records' : undefined
}

/**
 * The size of the sparse file once it is unpacked.
 *
 * @param sizeBytes what it takes in the archive, which counts where nothing else is said
 * @returns `undefined` where it is no size
 */
export function sparseFileBytes(records: PaxRecords, sizeBytes: number): number | undefined {
  const text = records.get('GNU.sparse.size') || records.get('GNU.sparse.realsize')
  const fileBytes = text ? parseDecimal(text) : sizeBytes
  return Number.isSafeInteger(fileBytes) && Number(fileBytes) >= 0 ? fileBytes : undefined
}

/**
 * How many bytes of data the fragments have that are told in the records.
 *
 * @returns `undefined` where the map is malformed
 */
export function mappedDataBytes(records: PaxRecords, fileBytes: number): number | undefined {
  const map = records.get('GNU.sparse.map') ?? ''
  const fragments = createSparseFragments(fileBytes)
  let count = 0
  for (let start = 0; start < map.length; ) {
    const middle = map.indexOf(',', start)
    if (middle < 0) return undefined
    const comma = map.indexOf(',', middle + 1)
    const end = comma < 0 ? map.length : comma
    const offset = parseDecimal(map.slice(start, middle))
    if (!fragments.add(offset, parseDecimal(map.slice(middle + 1, end)))) return undefined
    count += 1
    start = end + 1
    // A comma at the very end.
    if (start === map.length) return undefined
  }
  return parseDecimal(records.get('GNU.sparse.numblocks') ?? '') === count
    ? fragments.dataBytes
    : undefined
}
