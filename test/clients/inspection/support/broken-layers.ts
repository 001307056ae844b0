import { crc32, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { FlawCause } from '../../../../src/registry/diagnosis.ts'
import { editTar, type TarField } from '../../../inspect/fuzz/support/tar-edit.ts'

/** One way to break what a tool made. */
export interface BrokenLayer {
  /** The tool's part: a line that writes to stdout. */
  readonly line: string
  readonly damage: (layer: Buffer) => Buffer
  readonly cause: FlawCause
  /** As the evidence calls it. */
  readonly problem: string
}

type Damage = BrokenLayer['damage']

function broken(line: string, cause: FlawCause) {
  return (problem: string, damage: Damage): BrokenLayer => ({ line, damage, cause, problem })
}

const cut =
  (share: number): Damage =>
  (layer) =>
    layer.subarray(0, Math.floor(layer.length * share))

const cutBy =
  (bytes: number): Damage =>
  (layer) =>
    layer.subarray(0, layer.length - bytes)

const append =
  (...bytes: readonly (string | Uint8Array)[]): Damage =>
  (layer) =>
    Buffer.concat([layer, ...bytes.map((each) => Buffer.from(each))])

/** @param at counted from the end where it is negative */
const flip =
  (at: number): Damage =>
  (layer) => {
    const changed = Buffer.from(layer)
    const place = at < 0 ? layer.length + at : at
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
    return changed
  }

const overwrite =
  (at: number, ...bytes: readonly number[]): Damage =>
  (layer) => {
    const changed = Buffer.from(layer)
    changed.set(bytes, at)
    return changed
  }

const zeroed =
  (start: number, end: number): Damage =>
  (layer) =>
    Buffer.from(layer).fill(0, Math.floor(layer.length * start), Math.floor(layer.length * end))

/** A checksum of the header that is another one (RFC 1952, 2.3.1.2). */
const withWrongHeaderChecksum: Damage = (layer) => {
  const header = Buffer.from(layer.subarray(0, 10))
  header.writeUInt8(2, 3)
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE((crc32(header) & 0xffff) ^ 1)
  return Buffer.concat([header, checksum, layer.subarray(10)])
}

const inBlock =
  (block: number, field: TarField, value: string, isSummed = true): Damage =>
  (layer) =>
    editTar(layer, [{ block, field, value: Buffer.from(value, 'latin1'), isSummed }])

const gzip = broken('gzip -n -c layer.tar', 'malformed_gzip')
const members = broken('split -b 300000 --filter=gzip layer.tar', 'malformed_gzip')
const zstd = broken('zstd -q -c layer.tar', 'malformed_zstd')
const frames = broken('split -b 300000 --filter="zstd -q" layer.tar', 'malformed_zstd')
const tar = broken('tar --format=ustar -c -C plain one-block empty etc usr', 'malformed_tar')
const pax = broken('tar --format=pax -c -C tree größe', 'malformed_tar')
const tarInGzip = broken('gzip -c layer.tar', 'malformed_tar')
const tarInZstd = broken('zstd -q -c layer.tar', 'malformed_tar')

const page = '<!DOCTYPE html><title>502 Bad Gateway</title>'

export const brokenLayers: Readonly<Record<string, BrokenLayer>> = {
  'gzip, half of it': gzip('ends_early', cut(0.5)),
  'gzip, without its checksum and length': gzip('ends_early', cutBy(8)),
  'gzip, without its last byte': gzip('ends_early', cutBy(1)),
  'gzip, its header alone': gzip('ends_early', (layer) => layer.subarray(0, 10)),
  'gzip, the second member cut': members('ends_early', cutBy(1000)),
  'gzip, a bit of the checksum': gzip('checksum', flip(-8)),
  'gzip, a bit of the length': gzip('length', flip(-4)),
  'gzip, a range of zeros inside': gzip('data', zeroed(0.4, 0.6)),
  'gzip, another method': gzip('header', overwrite(2, 7)),
  'gzip, reserved flags': gzip('header', overwrite(3, 0x80)),
  'gzip, a wrong checksum of the header': gzip('header', withWrongHeaderChecksum),
  'gzip, a line end behind it': gzip('trailing_bytes', append('\n')),
  'gzip, zeros behind it': gzip('trailing_bytes', append(Buffer.alloc(512))),
  'gzip, a page behind it': gzip('trailing_bytes', append(page)),
  'gzip, half a magic number behind it': gzip('ends_early', append(Uint8Array.of(0x1f))),
  'gzip, half a member behind it': gzip('ends_early', append(gzipSync('x').subarray(0, 12))),
  'zstd, half of it': zstd('ends_early', cut(0.5)),
  'zstd, without its checksum': zstd('ends_early', cutBy(4)),
  'zstd, without its last byte': zstd('ends_early', cutBy(1)),
  'zstd, the second frame cut': frames('ends_early', cutBy(1000)),
  'zstd, a bit of the checksum': zstd('checksum', flip(-1)),
  'zstd, a range of zeros inside': zstd('checksum', zeroed(0.4, 0.6)),
  'zstd, noise for its first block': zstd('data', overwrite(12, ...Buffer.alloc(64, 0xa5))),
  'zstd, a reserved bit': zstd('header', overwrite(4, 0xac)),
  'zstd, a line end behind it': zstd('trailing_bytes', append('\n')),
  'zstd, zeros behind it': zstd('trailing_bytes', append(Buffer.alloc(512))),
  'zstd, a page behind it': zstd('trailing_bytes', append(page)),
  'tar, half of it': tar('ends_early', cut(0.5)),
  'tar, cut in a header': tar('ends_early', (layer) => layer.subarray(0, 1024 + 100)),
  'tar, a bit of the first header': tar('checksum', flip(10)),
  'tar, a bit of a later header': tar('checksum', flip(1024 + 10)),
  'tar, zeros for a later header': tar('zero_block', (layer) => {
    return Buffer.from(layer).fill(0, 1024, 1536)
  }),
  'tar, a size too large': tar('ends_early', inBlock(0, 'size', '77777777777')),
  'tar, a size that is no number': tar('number', inBlock(0, 'size', 'ninety-nine')),
  'tar, a negative size': tar('size', inBlock(0, 'size', '\xff'.repeat(12))),
  'tar, an unknown type': tar('type', inBlock(0, 'type', 'Z')),
  'tar, a pax record that is none': pax('pax', overwrite(512, 0x78)),
  'tar, cut, in gzip': tarInGzip('ends_early', (layer) => gzipSync(cut(0.5)(gunzipSync(layer)))),
  'tar, cut, in zstd': tarInZstd('ends_early', (layer) =>
    zstdCompressSync(cut(0.5)(zstdDecompressSync(layer))),
  ),
}
