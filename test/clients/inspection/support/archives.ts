import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'

/** A whole file, or a part of it. */
export interface Archive {
  /** By its name: `.deb data.tar.xz`, `.tgz`. */
  readonly kind: string
  readonly path: string
  readonly start: number
  readonly end: number
}

const arMagic = '!<arch>\n'
const arHeaderBytes = 60

/** The archives in a folder, those in Debian packages included; everything else is passed over. */
export async function* archivesIn(folder: string): AsyncGenerator<Archive> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    await using file = await open(path)
    const { size } = await file.stat()
    const head = Buffer.alloc(512)
    await file.read(head, 0, head.length, 0)
    if (head.toString('latin1', 0, arMagic.length) !== arMagic) {
      const compression = compressionOf(head)
      const isTar = head.toString('latin1', 257, 262) === 'ustar'
      if (compression || isTar) yield { kind: compression ?? 'tar', path, start: 0, end: size }
      continue
    }
    for (let start = arMagic.length; start < size; ) {
      await file.read(head, 0, arHeaderBytes, start)
      const name = head.toString('latin1', 0, 16).trimEnd().replace(/\/$/, '')
      const bytes = Number(head.toString('latin1', 48, 58))
      const dataStart = start + arHeaderBytes
      if (name.includes('.tar')) {
        yield { kind: `deb ${name}`, path, start: dataStart, end: dataStart + bytes }
      }
      start = dataStart + bytes + (bytes % 2)
    }
  }
}

const magics = { gzip: /^1f8b/, zstd: /^(?:28b52ffd|5.2a4d18)/, xz: /^fd377a585a00/ } as const

export type ArchiveCompression = keyof typeof magics

export function compressionOf(head: Buffer): ArchiveCompression | undefined {
  const text = head.toString('hex', 0, 6)
  if (magics.gzip.test(text)) return 'gzip'
  if (magics.zstd.test(text)) return 'zstd'
  return magics.xz.test(text) ? 'xz' : undefined
}

/** Writes the bytes of an archive to a file of their own. */
export async function extract({ path, start, end }: Archive, target: string): Promise<void> {
  await pipeline(createReadStream(path, { start, end: end - 1 }), createWriteStream(target))
}

export async function inflate(
  compression: ArchiveCompression,
  source: string,
  target: string,
): Promise<void> {
  const bytes = createReadStream(source)
  const written = createWriteStream(target)
  if (compression === 'gzip') return pipeline(bytes, createGunzip(), written)
  if (compression === 'zstd') return pipeline(bytes, createZstdDecompress(), written)
  const xz = spawn('xz', ['-dc', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [[exitCode]] = await Promise.all([once(xz, 'close'), pipeline(xz.stdout, written)])
  if (exitCode !== 0) throw new Error(`xz fails at ${source}`)
}

export async function compress(
  compression: 'gzip' | 'zstd',
  source: string,
  target: string,
): Promise<void> {
  const compressor = compression === 'gzip' ? createGzip({ level: 1 }) : createZstdCompress()
  await pipeline(createReadStream(source), compressor, createWriteStream(target))
}
