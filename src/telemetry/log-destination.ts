import type { DestinationStream } from 'pino'
import { createLogLosses } from './log-losses.ts'

/** Where lines go in the end. */
export interface Sink {
  write(bytes: Buffer, done: (error: Error | null, writtenBytes: number) => void): void
  /** @throws Error with the `code` of the operating system */
  writeSync(bytes: Buffer): number
}

export interface LogDestination extends DestinationStream {
  /** Never waits and never throws. A line that cannot be written waits in memory, or is lost when too many do. */
  write(line: string): void
  /** Calls back when what waits is written, or cannot be. Blocks up to a second for a reader that is slow. */
  flush(done: () => void): void
  /** The same without an event loop, as at the exit of the process. */
  end(): void
}

export interface LogDestinationOptions {
  readonly sink: Sink
  /** Where the trouble of the log itself is told, one sentence at a time. */
  readonly tell: (sentence: string) => void
  readonly nowMs: () => number
}

/** Of what waits behind the batch that is being written; a batch is no larger. */
const maxQueuedChars = 1024 * 1024
const retryMs = 1_000
const fullPipeRetryMs = 10
const lastReadMs = 1_000
const nothing = Buffer.alloc(0)
const slowReader = 'its reader is too slow'

/**
 * Writes in the background, one batch at a time, and keeps a batch that fails until it can be written. pino's own
 * destination throws the error of a full disk at nobody, and repeats a write for ever at the exit of the process.
 */
export function createLogDestination(options: LogDestinationOptions): LogDestination {
  const { sink, nowMs } = options
  const losses = createLogLosses(options.tell, nowMs)
  let queue = ''
  let batch: Buffer = nothing
  let isWriting = false
  let retry: NodeJS.Timeout | undefined
  let why = slowReader
  let flushes: (() => void)[] = []

  function takeBatch(): void {
    if (batch.length > 0) return
    batch = Buffer.from(queue)
    queue = ''
  }

  function writeNext(): void {
    if (isWriting || retry) return
    takeBatch()
    if (batch.length === 0) return losses.works()
    isWriting = true
    sink.write(batch, onWritten)
  }

  function onWritten(error: Error | null, writtenBytes: number): void {
    isWriting = false
    if (error) {
      waitAfter(error)
    } else {
      why = slowReader
      batch = batch.subarray(writtenBytes)
    }
    if (flushes.length > 0) writeRest()
    writeNext()
  }

  function waitAfter(error: Error): void {
    const isSlow = isPipeFull(error)
    why = isSlow ? slowReader : error.message
    if (!isSlow) losses.blocked(why)
    const onDue = () => {
      retry = undefined
      writeNext()
    }
    retry = setTimeout(onDue, isSlow ? fullPipeRetryMs : retryMs).unref()
  }

  /** Not for when a batch is being written: lines would overtake it. */
  function writeRest(): void {
    const deadlineMs = nowMs() + lastReadMs
    for (takeBatch(); batch.length > 0; takeBatch()) {
      try {
        batch = batch.subarray(sink.writeSync(batch))
      } catch (error) {
        if (!isPipeFull(error) || nowMs() >= deadlineMs) break
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPipeRetryMs)
      }
    }
    for (const done of flushes.splice(0)) done()
  }

  return {
    write(line) {
      if (queue !== '' && queue.length + line.length > maxQueuedChars) return losses.lost(why)
      queue += line
      writeNext()
    },

    flush(done) {
      flushes.push(done)
      if (!isWriting) writeRest()
    },

    end() {
      // Node lets its thread pool end what it has begun before the process is gone.
      if (isWriting) batch = nothing
      writeRest()
      losses.end(`${batch.toString()}${queue}`.split('\n').length - 1)
    },
  }
}

/** Of a pipe that does not block. */
function isPipeFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}
