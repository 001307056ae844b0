import { constants, crc32, gzipSync, zstdCompressSync } from 'node:zlib'

const z = constants

/** Ways to compress a tar archive, each with something of its own to be read. */
export const compressions: Readonly<Record<string, (tar: Buffer) => Buffer>> = {
  none: (tar) => tar,
  gzip: (tar) => gzipSync(tar),
  'gzip stored': (tar) => gzipSync(tar, { level: 0 }),
  'gzip fixed': (tar) => gzipSync(tar, { strategy: z.Z_FIXED }),
  'gzip header': (tar) => withHeader(gzipSync(tar)),
  'gzip members': (tar) => members(tar, 700, (part) => gzipSync(part)),
  'gzip tiny members': (tar) => members(tar, 64, (part) => gzipSync(part, { level: 1 })),
  zstd: (tar) => zstdCompressSync(tar),
  'zstd checksum': (tar) => zstdCompressSync(tar, { params: checked }),
  'zstd frames': (tar) => members(tar, 700, (part) => zstdCompressSync(part, { params: checked })),
  'zstd skipped': (tar) =>
    Buffer.concat([
      skippable('before'),
      members(tar, 1500, (part) => Buffer.concat([zstdCompressSync(part), skippable('between')])),
    ]),
  'zstd long': (tar) =>
    zstdCompressSync(tar, {
      params: { ...checked, [z.ZSTD_c_windowLog]: 20, [z.ZSTD_c_contentSizeFlag]: 0 },
    }),
}

const checked = { [z.ZSTD_c_checksumFlag]: 1 }

const maxMembers = 5000

function members(tar: Buffer, wanted: number, compress: (part: Buffer) => Buffer): Buffer {
  const partBytes = Math.max(wanted, Math.ceil(tar.length / maxMembers))
  const count = Math.max(1, Math.ceil(tar.length / partBytes))
  return Buffer.concat(
    Array.from({ length: count }, (_, index) =>
      compress(tar.subarray(index * partBytes, (index + 1) * partBytes)),
    ),
  )
}

/** The same member with an extra field, a name, a comment and a checksum of all that (RFC 1952, 2.3.1). */
function withHeader(member: Buffer): Buffer {
  const fixed = Buffer.from(member.subarray(0, 10))
  fixed.writeUInt8(0x1e, 3)
  const extra = Buffer.from('\x06\0BC\x02\0\0\0', 'latin1')
  const header = Buffer.concat([fixed, extra, Buffer.from('layer.tar\0a comment\0')])
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(crc32(header) & 0xffff)
  return Buffer.concat([header, checksum, member.subarray(10)])
}

/** A frame that readers skip (RFC 8878, 3.1.2). */
function skippable(text: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a50)
  head.writeUInt32LE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}
