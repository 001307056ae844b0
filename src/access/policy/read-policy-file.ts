import { createHash } from 'node:crypto'
import { type FileHandle, open, stat } from 'node:fs/promises'

/** What a file holds at one moment. */
export type Contents = Readable | Unreadable

export interface Readable {
  /** Equal as long as nothing has changed. */
  readonly state: string
  /** `sha256:` and that of the bytes. */
  readonly digest: string
  readonly text: string
  readonly problem?: undefined
}

interface Unreadable {
  readonly state: string
  readonly digest?: string
  readonly text?: undefined
  /** One sentence. */
  readonly problem: string
}

const maxBytes = 1024 * 1024

/** Reads 1 MiB at most. Never rejects. */
export async function readPolicyFile(path: string): Promise<Contents> {
  try {
    return contentsOf(await readBounded(path))
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error))
  }
}

function contentsOf(bytes: Buffer | undefined): Contents {
  if (bytes === undefined) return unreadable('It is no file.')
  if (bytes.length > maxBytes) return unreadable('It is larger than 1 MiB.')
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { state: digest, digest, text }
  } catch {
    return { state: digest, digest, problem: 'It is not encoded as UTF-8.' }
  }
}

function unreadable(message: string): Unreadable {
  const problem = message.replace(/\.?$/, '.')
  return { state: problem, problem }
}

/** @returns one byte more than is allowed, where there is more; `undefined` where a read might never end, as of a pipe */
async function readBounded(path: string): Promise<Buffer | undefined> {
  if (!(await stat(path)).isFile()) return undefined
  await using file = await open(path)
  return Buffer.concat(await chunksOf(file))
}

async function chunksOf(file: FileHandle): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = []
  for (let sizeBytes = 0; sizeBytes <= maxBytes; ) {
    const wanted = Math.min(64 * 1024, maxBytes + 1 - sizeBytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted)
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    sizeBytes += bytesRead
  }
  return chunks
}
