import type { Findings } from '../../registry/findings.ts'
import { openByteFile } from '../byte-file.ts'
import { completed, readOn } from '../inspect-file.ts'
import { createLayerInspection } from '../layer-inspection.ts'
import type { InspectionLimits } from '../limits.ts'
import type { Turns } from './turns.ts'

/** An inspection that follows its file while that grows. */
export interface FollowedUpload extends Disposable {
  /** Resolves when all that was there has been read, or it was disposed of. @throws Error with the `code` of the operating system */
  goOn(): Promise<void>
  /** The file grows no more. @throws Error when it does not have `sizeBytes` */
  finish(sizeBytes: number): Promise<Findings>
  /** What a zstd frame has kept for it. */
  readonly windowBytes: number
}

export interface FollowedUploadOptions {
  readonly path: string
  readonly limits: InspectionLimits
  /** Each with a buffer to read into. */
  readonly turns: Turns<Buffer>
  /** Of one turn: then others come to theirs. */
  readonly turnBytes: number
  /** How far it has come; `Infinity` when it needs no more. */
  readonly onProgress: (positionBytes: number) => void
}

/** Many tiny members or frames take longer than their size says: others come to their turn all the same. */
const turnMs = 50
const leastPieceBytes = 16 * 1024

/** @throws Error with the `code` of the operating system */
export function followUpload(options: FollowedUploadOptions): FollowedUpload {
  const { path, limits, turns, turnBytes, onProgress } = options
  const file = openByteFile(path)
  const inspection = createLayerInspection(limits)
  let positionBytes = 0
  let pieceBytes = leastPieceBytes
  let hasGrown = false
  let isOver = false
  let going: Promise<void> | undefined

  async function takeTurn(buffer: Buffer): Promise<void> {
    if (isOver) return
    const endBytes = positionBytes + turnBytes
    const startedMs = performance.now()
    const hasTime = () => performance.now() - startedMs < turnMs
    const piece = buffer.subarray(0, pieceBytes)
    positionBytes = await readOn(file, positionBytes, inspection, piece, endBytes, hasTime)
    if (positionBytes === endBytes || !hasTime()) hasGrown = true
    pieceBytes = hasTime() ? Math.min(2 * pieceBytes, buffer.length) : leastPieceBytes
  }

  function isToGoOn(): boolean {
    return hasGrown && !isOver && !inspection.isDecided
  }

  async function readAll(): Promise<void> {
    while (isToGoOn()) {
      hasGrown = false
      try {
        await turns.take(takeTurn)
      } catch (error) {
        // What was read while it was closed means nothing.
        if (!isOver) throw error
      }
      if (!isOver) onProgress(inspection.isDecided ? Infinity : positionBytes)
    }
  }

  function goOn(): Promise<void> {
    hasGrown = true
    going ??= readAll().finally(() => {
      going = undefined
    })
    return going
  }

  return {
    goOn,

    async finish(sizeBytes) {
      await going
      await goOn()
      if (isOver) throw new Error('The inspection was given up.')
      if (!inspection.isDecided && positionBytes !== sizeBytes) {
        throw new Error(`${positionBytes} bytes were read of ${sizeBytes}.`)
      }
      return completed(await inspection.end(), sizeBytes)
    },

    get windowBytes() {
      return inspection.windowBytes
    },

    [Symbol.dispose]() {
      isOver = true
      inspection[Symbol.dispose]()
      file[Symbol.dispose]()
    },
  }
}
