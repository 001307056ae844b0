/** What is written into a header. Fields that are given as text are written as they are, a byte for a character. */
export interface HeaderFields {
  readonly name?: string
  readonly size?: number | string
  readonly type?: string
  readonly magic?: string
  readonly mode?: string
  readonly uid?: string
  readonly mtime?: string
  readonly devices?: string
  readonly prefix?: string
  /** At the end of the block, where star has some of its own. */
  readonly star?: string
  readonly checksum?: string
  /** The checksum is the sum of bytes with a sign. */
  readonly isSigned?: boolean
}

export const gnuMagic = 'ustar  \0'
const posixMagic = 'ustar\x0000'

export function header(fields: HeaderFields = {}): Buffer {
  const { size = 0, magic = posixMagic, star } = fields
  const block = Buffer.alloc(512)
  const put = (text: string, start: number) => block.write(text, start, 'latin1')
  put(fields.name ?? 'file', 0)
  put(fields.mode ?? '0000644\0', 100)
  put(fields.uid ?? '0000000\0', 108)
  put('0000000\0', 116)
  put(typeof size === 'number' ? `${size.toString(8).padStart(11, '0')}\0` : size, 124)
  put(fields.mtime ?? '14512345670\0', 136)
  put(fields.type ?? '0', 156)
  put(magic, 257)
  put(fields.devices ?? '0000000\x000000000\0', 329)
  put(fields.prefix ?? '', 345)
  if (star !== undefined) put(`${star.padEnd(32, '\0')}tar\0`, 476)
  put(' '.repeat(8), 148)
  let sum = 0
  for (const byte of block) sum += fields.isSigned && byte > 0x7f ? byte - 0x100 : byte
  put(fields.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

export function padded(data: Buffer | string): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

/** A header and its data. */
export function file(data: Buffer | string = 'hello', fields: HeaderFields = {}): Buffer {
  return Buffer.concat([header({ size: data.length, ...fields }), padded(data)])
}

export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length
  return `${length}${rest}`
}

/** A pax header that is not one of records that are well-formed, perhaps. */
export function rawPax(payload: string, type = 'x'): Buffer {
  return file(payload, { name: 'PaxHeaders/file', type })
}

export function pax(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const texts = Object.entries(records).map(([key, value]) => paxRecord(key, value))
  return rawPax(texts.join(''), type)
}

/** GNU's way to tell a long path, or with `K` the long target of a link. */
export function long(text: string, type: 'L' | 'K' = 'L'): Buffer {
  return file(`${text}\0`, { name: '././@LongLink', type, magic: gnuMagic })
}

export const zeroBlock = Buffer.alloc(512)
/** What ends an archive. */
export const endMark = Buffer.alloc(1024)

export function archive(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, endMark])
}
