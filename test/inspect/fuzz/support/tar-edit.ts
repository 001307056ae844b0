/** Fields of a tar header by their offset and length (POSIX.1-2017, pax, "ustar Interchange Format"; sparse ones are GNU's). */
export const tarFields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  devMajor: [329, 8],
  prefix: [345, 155],
  sparseMap: [386, 96],
  isExtended: [482, 1],
  realSize: [483, 12],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

export type TarField = keyof typeof tarFields

/** Another value in a field of one block. */
export interface TarEdit {
  /** Which block, modulo how many there are. */
  readonly block: number
  readonly field: TarField
  readonly value: Uint8Array
  /** Whether the checksum is made right again, so that the reader believes the value. */
  readonly isSummed: boolean
}

const blockBytes = 512

export function editTar(archive: Uint8Array, edits: readonly TarEdit[]): Buffer {
  const changed = Buffer.from(archive)
  const blocks = Math.floor(changed.length / blockBytes)
  if (blocks === 0) return changed
  for (const { block, field, value, isSummed } of edits) {
    const start = (block % blocks) * blockBytes
    const header = changed.subarray(start, start + blockBytes)
    const [offset, length] = tarFields[field]
    header.fill(0, offset, offset + length)
    header.set(value.subarray(0, length), offset)
    if (isSummed) writeChecksum(header)
  }
  return changed
}

/** It is computed as if there were spaces in its own place. */
export function writeChecksum(header: Buffer): void {
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}
