import { crc32, deflateRawSync, type ZlibOptions } from 'node:zlib'

/** The fields of a header as RFC 1952, 2.3 has them; what is left out is not there. */
export interface MemberFields {
  readonly method?: number
  /** Beside those that the other fields need. */
  readonly flags?: number
  readonly extra?: Uint8Array
  readonly name?: string
  readonly comment?: string
  readonly hasHeaderChecksum?: boolean
}

const text = (value: string | undefined) =>
  value === undefined ? Buffer.alloc(0) : Buffer.from(`${value}\0`, 'latin1')

export function gzipMember(
  content: Uint8Array | string,
  fields: MemberFields = {},
  options: ZlibOptions = {},
): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(content), 0)
  trailer.writeUInt32LE(Buffer.byteLength(content), 4)
  return Buffer.concat([gzipHeader(fields), deflateRawSync(content, options), trailer])
}

export function gzipHeader(fields: MemberFields = {}): Buffer {
  const { method = 8, extra, name, comment, hasHeaderChecksum = false } = fields
  let flags = fields.flags ?? 0
  if (hasHeaderChecksum) flags |= 0x02
  if (extra) flags |= 0x04
  if (name !== undefined) flags |= 0x08
  if (comment !== undefined) flags |= 0x10
  const parts: Uint8Array[] = [Buffer.from([0x1f, 0x8b, method, flags, 1, 2, 3, 4, 0, 3])]
  if (extra) parts.push(uint16(extra.length), extra)
  const header = Buffer.concat([...parts, text(name), text(comment)])
  return hasHeaderChecksum ? Buffer.concat([header, uint16(crc32(header) & 0xffff)]) : header
}

export const allFields: MemberFields = {
  extra: Buffer.from('SG\x06\x00abcdef'),
  name: 'layer.tar',
  comment: 'of nothing',
  hasHeaderChecksum: true,
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
