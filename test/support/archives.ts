const blockBytes = 512

/** A tar archive of these files, as GNU tar writes one (https://www.gnu.org/software/tar/manual/html_node/Standard.html). */
export function tarOf(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const entries = Object.entries(files).flatMap(([name, content]) => {
    const bytes = Buffer.from(content)
    const padding = Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes)
    return [header(name, bytes.length), bytes, padding]
  })
  return Buffer.concat([...entries, Buffer.alloc(2 * blockBytes)])
}

function header(name: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  block.write(name, 0)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${octal(sizeBytes, 11)}\0`, 124)
  block.write('00000000000\0', 136)
  // Its checksum is taken with blanks in its own place.
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)}\0 `, 148)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}

/** One bit is another. */
export function flipped(bytes: Uint8Array, offset: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(offset) ^ 1, offset)
  return copy
}
