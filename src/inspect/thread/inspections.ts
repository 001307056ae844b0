import { statSync } from 'node:fs'
import type { Findings } from '../../registry/findings.ts'
import type { UploadId } from '../../registry/upload-id.ts'
import { inspectFile } from '../inspect-file.ts'
import type { InspectionLimits } from '../limits.ts'
import { type FollowedUpload, followUpload } from './followed-upload.ts'
import { createTurns } from './turns.ts'

/** All inspections of one thread. They take turns, so that a large layer keeps no small one waiting. */
export interface Inspections {
  /** The file has grown. */
  follow(id: UploadId, path: string): void
  /** The file grows no more. @throws Error when it cannot be read */
  inspect(id: UploadId, path: string, sizeBytes: number): Promise<Findings>
  forget(id: UploadId): void
}

export interface InspectionsOptions {
  readonly limits: InspectionLimits
  /** How far the inspection of an upload has come; `Infinity` where it does not follow, or needs no more. */
  readonly onProgress: (id: UploadId, positionBytes: number) => void
  /** How many uploads are followed at once. */
  readonly maxFollowed?: number
}

/** Each keeps about 160 KiB, and its file open. */
const defaultMaxFollowed = 256
/** What one zstd frame may have kept while its upload is followed (as much as Podman's ask for), and all together. */
const followedWindowBytes = 32 * 1024 * 1024
const allWindowsBytes = 128 * 1024 * 1024
const turnBytes = 1024 * 1024
const bufferBytes = 256 * 1024
/** Inflating is done by the threads of libuv: so many of them are kept busy. */
const turnsAtOnce = 2

/** What does not fit beside the others, or could not be read, is inspected at its end, one after the other. */
export function createInspections(options: InspectionsOptions): Inspections {
  const { limits, onProgress, maxFollowed = defaultMaxFollowed } = options
  const followedLimits = {
    ...limits,
    maxWindowBytes: Math.min(limits.maxWindowBytes, followedWindowBytes),
  }
  /** The one that grew the longest time ago comes first. */
  const followed = new Map<UploadId, FollowedUpload>()
  const late = new Set<UploadId>()
  /** Whose findings are waited for. */
  const wanted = new Set<UploadId>()
  const buffers = Array.from({ length: turnsAtOnce }, () => Buffer.allocUnsafeSlow(bufferBytes))
  const turns = createTurns(buffers)
  const lateTurns = createTurns([true])

  function close(id: UploadId): void {
    followed.get(id)?.[Symbol.dispose]()
    followed.delete(id)
  }

  function leaveForItsEnd(id: UploadId): void {
    close(id)
    late.add(id)
    onProgress(id, Infinity)
  }

  function open(id: UploadId, path: string): FollowedUpload {
    const [oldest] = followed.keys()
    if (oldest !== undefined && followed.size >= maxFollowed) leaveForItsEnd(oldest)
    return followUpload({
      path,
      limits: followedLimits,
      turns,
      turnBytes,
      onProgress(positionBytes) {
        if (isOneTooMany(id)) leaveForItsEnd(id)
        else onProgress(id, positionBytes)
      },
    })
  }

  function isOneTooMany(id: UploadId): boolean {
    if (!followed.get(id)?.windowBytes) return false
    const keptBytes = [...followed.values()].reduce((sum, { windowBytes }) => sum + windowBytes, 0)
    return keptBytes > allWindowsBytes
  }

  /** Behind all others, as the one that grew last. */
  function upload(id: UploadId, path: string): FollowedUpload {
    const found = followed.get(id) ?? open(id, path)
    followed.delete(id)
    followed.set(id, found)
    return found
  }

  /** `undefined` where it could not be followed, and is to be inspected once more, from the start. */
  async function finish(
    id: UploadId,
    path: string,
    sizeBytes: number,
  ): Promise<Findings | undefined> {
    try {
      return await upload(id, path).finish(sizeBytes)
    } catch (error) {
      if (!wanted.has(id)) throw error
      return undefined
    } finally {
      close(id)
    }
  }

  return {
    follow(id, path) {
      if (late.has(id)) return onProgress(id, Infinity)
      try {
        // Why it cannot be read is told at its end.
        upload(id, path)
          .goOn()
          .catch(() => leaveForItsEnd(id))
      } catch {
        leaveForItsEnd(id)
      }
    },

    async inspect(id, path, sizeBytes) {
      wanted.add(id)
      try {
        const findings = late.has(id) ? undefined : await finish(id, path, sizeBytes)
        if (findings && findings.unexamined !== 'memory') return findings
        return await lateTurns.take(() => {
          requireSize(path, sizeBytes)
          return inspectFile(path, limits, undefined, () => wanted.has(id))
        })
      } finally {
        wanted.delete(id)
        late.delete(id)
      }
    },

    forget(id) {
      wanted.delete(id)
      late.delete(id)
      close(id)
    },
  }
}

function requireSize(path: string, sizeBytes: number): void {
  const foundBytes = statSync(path).size
  if (foundBytes !== sizeBytes) throw new Error(`${foundBytes} bytes are there of ${sizeBytes}.`)
}
