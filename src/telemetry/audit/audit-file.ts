import { type AppendingFile, openForAppending } from './appending-file.ts'
import { createAuditBacklog } from './audit-backlog.ts'
import { createAuditLosses } from './audit-losses.ts'

export interface AuditFile {
  /** Never waits and never throws. A line that cannot be written waits in memory, or is lost when too many do. */
  write(line: string): void
  /** Goes on in whatever lies at the path now, as after a rotation. Where that cannot be opened, in the file that is open. Never rejects. */
  reopen(): Promise<void>
  /** Writes what waits, if it can be written. Whatever comes later is lost. Never rejects. */
  close(): Promise<void>
  /** The same without an event loop, as at the exit of the process. */
  end(): void
}

export interface AuditFileOptions {
  readonly now?: () => Date
  readonly maxQueuedBytes?: number
  readonly open?: (path: string) => Promise<AppendingFile>
}

const retryMs = 1_000
const lineEnd = 10
const nothing = Buffer.alloc(0)

/**
 * Appends lines to a file in the background, one batch at a time, and keeps a batch that fails until it can be written. Up to 16 MiB
 * wait in memory; what is lost beyond that is counted, and told in the file in its place.
 *
 * @param onProblem gets one sentence, at once and then once a minute at most, and one when the trouble is over
 * @throws Error with the `code` of the operating system when the file cannot be opened
 */
export async function openAuditFile(
  path: string,
  onProblem: (sentence: string) => void,
  options: AuditFileOptions = {},
): Promise<AuditFile> {
  const { now = () => new Date(), maxQueuedBytes = 16 * 1024 * 1024 } = options
  const { open = openForAppending } = options
  const backlog = createAuditBacklog(maxQueuedBytes, now)
  const losses = createAuditLosses(onProblem, now)
  let file = await open(path)
  let next: AppendingFile | undefined
  let batch: Buffer = startIn(file)
  let writtenBytes = 0
  let isInFlight = false
  let isWriting = false
  let isClosed = false
  let writing: Promise<void> = Promise.resolve()
  let retry: NodeJS.Timeout | undefined

  function takeBatch(): boolean {
    if (writtenBytes === batch.length) {
      batch = backlog.take()
      writtenBytes = 0
    }
    return batch.length > 0
  }

  async function writeSome(): Promise<void> {
    isInFlight = true
    try {
      writtenBytes += await file.write(batch.subarray(writtenBytes))
    } finally {
      isInFlight = false
    }
  }

  /** A line that was cut in two is whole in the new file. */
  async function moveOn(to: AppendingFile): Promise<void> {
    const old = file
    file = to
    next = undefined
    const isWithin = writtenBytes > 0 && writtenBytes < batch.length
    const restAt = isWithin ? batch.lastIndexOf(lineEnd, writtenBytes - 1) + 1 : writtenBytes
    batch = Buffer.concat([startIn(to), batch.subarray(restAt)])
    writtenBytes = 0
    await old.close().catch(onFailure)
  }

  async function writeAll(): Promise<void> {
    try {
      for (;;) {
        if (next) await moveOn(next)
        if (!takeBatch()) break
        await writeSome()
      }
      isWriting = false
      losses.works()
    } catch (error) {
      isWriting = false
      if (!isClosed) retry = setTimeout(writeNow, retryMs).unref()
      onFailure(error)
    }
  }

  function writeNow(): void {
    clearTimeout(retry)
    retry = undefined
    if (isWriting) return
    isWriting = true
    writing = writeAll()
  }

  function onFailure(error: unknown): void {
    losses.blocked(error instanceof Error ? error.message : String(error))
  }

  /** What still waits will not be written. */
  function giveUp(): void {
    const rest = batch.subarray(writtenBytes).toString().split('\n').length - 1
    const unwritten = rest + backlog.drop()
    batch = nothing
    writtenBytes = 0
    if (unwritten > 0) losses.lost(unwritten)
    losses.closed()
  }

  return {
    write(line) {
      if (isClosed || !backlog.add(line)) return losses.lost(1)
      if (!retry) writeNow()
    },

    async reopen() {
      if (isClosed) return
      try {
        const opened = await open(path)
        const skipped = next
        next = opened
        await skipped?.close()
      } catch (error) {
        return onFailure(error)
      }
      writeNow()
      await writing
    },

    async close() {
      if (isClosed) return
      isClosed = true
      await writing
      writeNow()
      await writing
      giveUp()
      await file.close().catch(onFailure)
    },

    end() {
      if (isClosed) return
      isClosed = true
      clearTimeout(retry)
      // Node lets its thread pool end what it has begun before the process is gone.
      if (isInFlight) {
        batch = nothing
        writtenBytes = 0
      }
      try {
        while (takeBatch()) writtenBytes += file.writeSync(batch.subarray(writtenBytes))
      } catch (error) {
        onFailure(error)
      }
      giveUp()
    },
  }
}

/** A line that was cut off spoils none but itself. */
function startIn({ isCutOff }: AppendingFile): Buffer {
  return isCutOff ? Buffer.from('\n') : nothing
}
