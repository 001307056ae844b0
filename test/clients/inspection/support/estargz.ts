import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { tarOf } from '../../push/support/tar.ts'

/**
 * An eStargz layer as its specification has it: a gzip member for each file, one for the table of contents, and an empty one whose
 * extra field says where that is (https://github.com/containerd/stargz-snapshotter/blob/v0.16.3/docs/estargz.md).
 */
export function estargzOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const members: Buffer[] = []
  const entries: object[] = []
  let offset = 0
  for (const [name, content] of Object.entries({ '.no.prefetch.landmark': '\x0f', ...files })) {
    const member = gzipSync(withoutEnd(tarOf({ [name]: content })), { level: 9 })
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    entries.push({ name, type: 'reg', size: Buffer.byteLength(content), offset, digest })
    members.push(member)
    offset += member.length
  }
  const contents = JSON.stringify({ version: 1, entries })
  members.push(gzipSync(tarOf({ 'stargz.index.json': contents })), footer(offset))
  return Buffer.concat(members)
}

const endBytes = 1024

/** Only the last member ends the archive. */
function withoutEnd(archive: Buffer): Buffer {
  return archive.subarray(0, -endBytes)
}

function footer(contentsOffset: number): Buffer {
  const text = `${contentsOffset.toString(16).padStart(16, '0')}STARGZ`
  const extra = Buffer.alloc(4 + text.length)
  extra.write('SG')
  extra.writeUInt16LE(text.length, 2)
  extra.write(text, 4)
  const length = Buffer.alloc(2)
  length.writeUInt16LE(extra.length)
  const header = Buffer.from('\x1f\x8b\x08\x04\0\0\0\0\0\xff', 'latin1')
  // An empty block that is stored, and the checksum and length of nothing.
  const empty = Buffer.from('\x01\0\0\xff\xff\0\0\0\0\0\0\0\0', 'latin1')
  return Buffer.concat([header, length, extra, empty])
}
