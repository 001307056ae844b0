import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Diagnosis, Evidence } from '../../registry/diagnosis.ts'
import { type Digest, sha256Digest } from '../../registry/digest.ts'
import type { ByteFile } from '../byte-file.ts'
import type { MismatchBytes } from './mismatch-bytes.ts'

/** Larger ones read no faster. */
const chunkBytes = 256 * 1024
const headBytes = 64 * 1024

/** Then others go on: a search through a large file must not keep them from theirs. */
const sliceMs = 10

/** Does a task that takes much memory, when nobody else does one. */
export type Alone = <R>(task: () => Promise<R>) => Promise<R>

/** The search for the cause of one mismatch. */
export interface Search extends MismatchBytes {
  /** The first 64 KiB of what came, or all of it. @throws OutOfTime */
  head(): Uint8Array
  /** @throws OutOfTime */
  requireTime(): void
  /** Lets others go on when their turn has come. Asked at least for every MiB. @throws OutOfTime */
  pause(): Promise<void>
  readonly alone: Alone
  /** Remembers what is worth to be told even where no cause is proved. */
  note(evidence: Evidence): void
}

/** One cause, or some that are seen in the same bytes: what the bytes prove, if they do. @throws OutOfTime */
export type Cause = (search: Search) => Diagnosis | undefined | Promise<Diagnosis | undefined>

/** Thrown where the search has to end. */
export class OutOfTime extends Error {
  constructor() {
    super('The diagnosis ran out of time.')
    this.name = 'OutOfTime'
  }
}

export function createSearch(
  bytes: MismatchBytes,
  hasTime: () => boolean,
  alone: Alone,
  note: Search['note'],
): Search {
  let head: Uint8Array | undefined
  const requireTime = () => {
    if (!hasTime()) throw new OutOfTime()
  }
  let sliceEndMs = performance.now() + sliceMs
  return {
    ...bytes,
    requireTime,
    alone,
    async pause() {
      requireTime()
      if (performance.now() < sliceEndMs) return
      await setImmediate()
      sliceEndMs = performance.now() + sliceMs
    },
    note,
    head() {
      if (head) return head
      requireTime()
      const { file, received } = bytes
      head = readRange(file, 0, Math.min(headBytes, received.sizeBytes))
      return head
    },
  }
}

/** @throws Error when the file is shorter */
export function readRange(file: ByteFile, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start)
  if (file.read(bytes, start) !== bytes.length) throw new Error('The file ends too early.')
  return bytes
}

/**
 * The bytes of a file from `start` to `end`. Each chunk is valid until the next one is asked for.
 *
 * @throws OutOfTime
 * @throws Error when the file is shorter
 */
export async function* chunksOf(
  { pause }: Search,
  file: ByteFile,
  start: number,
  end: number,
): AsyncGenerator<Buffer, undefined> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(0, end - start)))
  for (let offset = start; offset < end; offset += buffer.length) {
    await pause()
    const chunk = buffer.subarray(0, Math.min(buffer.length, end - offset))
    if (file.read(chunk, offset) !== chunk.length) throw new Error('The file ends too early.')
    yield chunk
  }
}

/** A digest of bytes that come one after the other. */
export interface RunningDigest {
  update(bytes: Uint8Array): void
  /** Of the bytes so far. */
  digest(): Digest
}

export function createRunningDigest(): RunningDigest {
  const hash = createHash('sha256')
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => sha256Digest(hash.copy().digest('hex')),
  }
}
