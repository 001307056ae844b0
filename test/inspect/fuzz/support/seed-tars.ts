import { writeChecksum } from './tar-edit.ts'

interface Entry {
  readonly path: string
  /** Default: a file. */
  readonly type?: string
  readonly content?: Uint8Array | string
  readonly linkName?: string
  /** What the size field says; default: the length of the content. */
  readonly size?: string | Uint8Array
  /** Default: that of POSIX. */
  readonly magic?: string
  /** Further bytes of the header, by their offset. */
  readonly more?: Readonly<Record<number, string>>
}

export function entry(made: Entry): Buffer {
  const { path, type = '0', linkName = '', magic = 'ustar\x0000', more = {} } = made
  const content = Buffer.from(made.content ?? '')
  const header = Buffer.alloc(512)
  header.write(path, 0, 100, 'latin1')
  header.write('0000644\x000000000\x000000000\0', 100, 'latin1')
  header.set(Buffer.from(made.size ?? octal(content.length)), 124)
  header.write(octal(1_700_000_000), 136, 'latin1')
  header.write(type, 156, 'latin1')
  header.write(linkName, 157, 100, 'latin1')
  header.write(magic, 257, 'latin1')
  for (const [offset, text] of Object.entries(more)) header.write(text, Number(offset), 'latin1')
  writeChecksum(header)
  return Buffer.concat([header, padded(content)])
}

export function octal(value: number, digits = 11): string {
  return `${value.toString(8).padStart(digits, '0')}\0`
}

/** A number in binary, as GNU tar writes those that octal digits cannot hold. */
function binary(value: number): Uint8Array {
  const field = Buffer.alloc(12)
  field.writeUInt8(0x80, 0)
  field.writeBigUInt64BE(BigInt(value), 4)
  return field
}

function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc(-content.length & 511)])
}

/** Records of a pax header: each begins with its own length. */
function records(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => {
      const bytes = Buffer.byteLength(` ${key}=${value}\n`)
      const digits = `${bytes + `${bytes}`.length}`.length
      return `${bytes + digits} ${key}=${value}\n`
    })
    .join('')
}

const gnu = { magic: 'ustar  \0' }
const end = Buffer.alloc(1024)
const lines = Array.from({ length: 120 }, (_, index) => `line ${index}\n`).join('')
const longName = `${'long/'.repeat(40)}name`

/** Small archives of each dialect, with every kind of entry that has rules of its own. */
export const seedTars: Readonly<Record<string, Buffer>> = {
  empty: end,
  ustar: Buffer.concat([
    entry({ path: 'etc/', type: '5' }),
    entry({ path: 'etc/motd', content: 'Welcome.\n' }),
    entry({ path: 'etc/hard', type: '1', linkName: 'etc/motd' }),
    entry({ path: 'etc/soft', type: '2', linkName: 'motd' }),
    entry({ path: 'dev/null', type: '3' }),
    entry({ path: 'fifo', type: '6' }),
    entry({ path: 'lines', content: lines }),
    end,
  ]),
  v7: Buffer.concat([
    entry({ path: 'etc/motd', type: '\0', content: 'Welcome.\n', magic: '' }),
    entry({ path: 'lines', type: '\0', content: lines, magic: '' }),
    end,
  ]),
  pax: Buffer.concat([
    entry({ path: 'global', type: 'g', content: records({ comment: 'a commit' }) }),
    entry({ path: 'records', type: 'x', content: records({ path: longName, mtime: '1.5' }) }),
    entry({ path: 'cut', content: lines }),
    entry({ path: 'records', type: 'x', content: records({ size: '600' }) }),
    entry({ path: 'sized', content: 'x'.repeat(600), size: octal(0) }),
    entry({
      path: 'records',
      type: 'x',
      content: records({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'holes',
        'GNU.sparse.realsize': '9000',
      }),
    }),
    entry({
      path: 'holes',
      content: Buffer.concat([padded(Buffer.from('1\n4096\n4\n')), Buffer.from('data')]),
    }),
    end,
  ]),
  gnu: Buffer.concat([
    entry({ path: '././@LongLink', type: 'L', content: `${longName}\0`, ...gnu }),
    entry({ path: 'cut', content: lines, ...gnu }),
    entry({ path: '././@LongLink', type: 'K', content: `${longName}\0`, ...gnu }),
    entry({ path: 'link', type: '2', linkName: 'cut', ...gnu }),
    entry({ path: 'binary', content: 'x'.repeat(700), size: binary(700), ...gnu }),
    entry({ path: '.', type: 'D', content: 'Ya file\0', ...gnu }),
    end,
  ]),
}

/** The entries of a seed, so many times behind each other. */
export function repeated(seed: Buffer, copies: number): Buffer {
  const entries = seed.subarray(0, -end.length)
  return Buffer.concat([...Array.from({ length: copies }, () => entries), end])
}
