import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { endOfArchive, tarMember } from '../../test/process/support/tar.ts'
import type { BigLayer } from './big-layer.ts'

export type Compression = 'gzip' | 'zstd'

/** A layer in a file, as build tools make it. */
export interface FileLayer extends BigLayer {
  /** What lies inside of the compression. */
  readonly inflatedBytes: number
}

const textFile = /\.(js|cjs|mjs|ts|md|json|yaml|txt)$/

/** As gzip and zstd compress when they are told nothing. */
function compressor(compression: Compression): Transform {
  if (compression === 'gzip') return createGzip({ level: 6 })
  return createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  })
}

/** An archive of the texts in a folder, again and again, until the layer has `sizeBytes`. */
export async function textLayer(
  path: string,
  folder: string,
  compression: Compression,
  sizeBytes: number,
): Promise<FileLayer> {
  const names = await readdir(folder, { recursive: true })
  const texts = names.filter((name) => textFile.test(name)).toSorted()
  const progress = { writtenBytes: 0 }

  async function* archive(): AsyncGenerator<Buffer> {
    for (let count = 0; progress.writtenBytes < sizeBytes; count += 1) {
      const name = texts[count % texts.length] ?? ''
      const text = await readFile(join(folder, name)).catch(() => Buffer.alloc(0))
      yield tarMember(`text/${count}`, text)
    }
    yield endOfArchive
  }

  return write(path, Readable.from(archive()), compressor(compression), progress)
}

/** An archive of whole folders, by tar. */
export async function folderLayer(
  path: string,
  folders: readonly string[],
  compression: Compression,
): Promise<FileLayer> {
  const tar = spawn('tar', ['-C', '/', '-c', ...folders], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(tar, 'exit')
  const layer = await write(path, tar.stdout, compressor(compression))
  const [status] = await exited
  if (status !== 0) throw new Error(`tar ended with status ${status}.`)
  return layer
}

async function write(
  path: string,
  archive: Readable,
  output: Transform,
  progress = { writtenBytes: 0 },
): Promise<FileLayer> {
  const hash = createHash('sha256')
  let inflatedBytes = 0
  await pipeline(
    archive,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        inflatedBytes += chunk.length
        yield chunk
      }
    },
    output,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        progress.writtenBytes += chunk.length
        hash.update(chunk)
        yield chunk
      }
    },
    createWriteStream(path),
  )
  return {
    sizeBytes: progress.writtenBytes,
    inflatedBytes,
    digest: `sha256:${hash.digest('hex')}`,
    stream: () => createReadStream(path, { highWaterMark: 1024 * 1024 }),
  }
}

/** The same with one more file in front: gzip members, and zstd frames, may follow each other. */
export async function variant(
  layer: FileLayer,
  compression: Compression,
  seed: number,
): Promise<BigLayer> {
  const first = tarMember(`variant/${seed}`, `${seed}`)
  const head = compression === 'gzip' ? gzipSync(first) : zstdCompressSync(first)
  async function* bytes(): AsyncGenerator<Buffer> {
    yield head
    yield* layer.stream()
  }
  const hash = createHash('sha256')
  for await (const chunk of bytes()) hash.update(chunk)
  return {
    sizeBytes: head.length + layer.sizeBytes,
    digest: `sha256:${hash.digest('hex')}`,
    stream: () => Readable.from(bytes(), { objectMode: false, highWaterMark: 1024 * 1024 }),
  }
}
