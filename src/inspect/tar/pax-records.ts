import { isPaxTime, parseDecimal } from './pax-number.ts'

/**
 * What an extended header says, as far as it matters here: values by their keys, a byte for a character. All that is known of sparse
 * files in the oldest of their formats is put into the record of the next one.
 */
export type PaxRecords = ReadonlyMap<string, string>

const texts = new Set(['path', 'linkpath', 'uname', 'gname'])
const times = new Set(['atime', 'ctime', 'mtime'])
const decimals = new Set(['gid', 'size', 'uid'])
const sparseParts = ['GNU.sparse.offset', 'GNU.sparse.numbytes']
const kept = new Set([
  'path',
  ...times,
  ...decimals,
  'GNU.sparse.major',
  'GNU.sparse.map',
  'GNU.sparse.minor',
  'GNU.sparse.name',
  'GNU.sparse.numblocks',
  'GNU.sparse.realsize',
  'GNU.sparse.size',
])

/**
 * Records of the form `<length> <key>=<value>\n`, as strict as Go's archive/tar.
 *
 * @returns where the first malformed record starts, if there is one
 */
export function parsePaxRecords(payload: Uint8Array): PaxRecords | number {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('latin1')
  const records = new Map<string, string>()
  const sparseMap: string[] = []
  let start = 0
  while (start < text.length) {
    const record = parseRecord(text, start)
    if (!record) return start
    const { key, value } = record
    if (sparseParts.includes(key)) {
      if (key !== sparseParts[sparseMap.length % 2] || value.includes(',')) return start
      sparseMap.push(value)
    } else if (kept.has(key)) {
      records.set(key, value)
    }
    start = record.end
  }
  if (sparseMap.length > 0) records.set('GNU.sparse.map', sparseMap.join(','))
  return records
}

interface PaxRecord {
  readonly key: string
  readonly value: string
  readonly end: number
}

function parseRecord(text: string, start: number): PaxRecord | undefined {
  const space = text.indexOf(' ', start)
  if (space < 0) return undefined
  const end = start + (parseDecimal(text.slice(start, space)) ?? 0)
  if (end <= space || text[end - 1] !== '\n') return undefined
  const record = text.slice(space + 1, end - 1)
  const equals = record.indexOf('=')
  if (equals < 1) return undefined
  const key = record.slice(0, equals)
  const value = record.slice(equals + 1)
  return (texts.has(key) ? value : key).includes('\0') ? undefined : { key, value, end }
}

/** The key of the first record that should be a number, and is none. An empty one says nothing. */
export function badPaxNumber(records: PaxRecords): string | undefined {
  for (const [key, value] of records) {
    if (value === '') continue
    if (times.has(key) && !isPaxTime(value)) return key
    if (decimals.has(key) && parseDecimal(value) === undefined) return key
  }
  return undefined
}
