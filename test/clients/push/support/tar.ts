const blockBytes = 512

/** An archive of these files, by path (100 characters at most), in POSIX's ustar format. */
export function tarOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const members = Object.entries(files).flatMap(([path, content]) => {
    const bytes = Buffer.from(content)
    return [header(path, bytes.length), bytes, Buffer.alloc(-bytes.length & (blockBytes - 1))]
  })
  return Buffer.concat([...members, Buffer.alloc(2 * blockBytes)])
}

function header(path: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  block.write(path, 0)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${octal(sizeBytes, 11)}\0`, 124)
  block.write(`${octal(0, 11)}\0`, 136)
  // The checksum is computed with spaces in its own place.
  block.write('        ', 148)
  block.write('0ustar\0', 156)
  block.write('00', 263)
  const checksum = block.reduce((sum, byte) => sum + byte, 0)
  block.write(`${octal(checksum, 6)}\0`, 148)
  return block
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
