const blockBytes = 512

/** Two blocks of zeros. */
export const endOfArchive = Buffer.alloc(2 * blockBytes)

/** A file, by its path of 100 characters at most, as it lies in an archive of POSIX's ustar format. */
export function tarMember(path: string, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content)
  const header = Buffer.alloc(blockBytes)
  header.write(path, 0)
  header.write('0000644\x000000000\x000000000\0', 100)
  header.write(`${octal(bytes.length, 11)}\0${octal(0, 11)}\0`, 124)
  // The checksum is computed with spaces in its own place.
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${octal(checksum, 6)}\0`, 148)
  return Buffer.concat([header, bytes, Buffer.alloc(-bytes.length & (blockBytes - 1))])
}

/** An archive of these files, by path. */
export function tarOf(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const members = Object.entries(files).map(([path, content]) => tarMember(path, content))
  return Buffer.concat([...members, endOfArchive])
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0')
}
