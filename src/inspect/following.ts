import type { UploadId } from '../registry/upload-id.ts'

/** How far the inspections of uploads have come, and the uploads that wait for theirs. */
export interface Following {
  /** Resolves when the inspection is not far behind. @throws the reason of `signal` */
  catchUp(id: UploadId, writtenBytes: number, signal: AbortSignal): Promise<void>
  /** Its inspection needs no more of it. */
  isDecided(id: UploadId): boolean
  progress(progress: { readonly id: UploadId; readonly positionBytes: number }): void
  /** Nobody waits for it any more. */
  forget(id: UploadId): void
  /** Nobody waits for any. */
  release(): void
}

interface Upload {
  positionBytes: number
  /** Followed from so far on that all before it would have to be waited for: its end will. */
  readonly isLate: boolean
  waiter?: { readonly fromBytes: number; readonly goOn: () => void }
}

export function createFollowing(maxLagBytes: number): Following {
  const uploads = new Map<UploadId, Upload>()

  function advance(upload: Upload, positionBytes: number): void {
    upload.positionBytes = positionBytes
    const { waiter } = upload
    if (waiter && positionBytes >= waiter.fromBytes) waiter.goOn()
  }

  return {
    async catchUp(id, writtenBytes, signal) {
      const isLate = writtenBytes > maxLagBytes
      const upload = uploads.get(id) ?? { positionBytes: 0, isLate }
      uploads.set(id, upload)
      const fromBytes = writtenBytes - maxLagBytes
      if (upload.isLate || upload.positionBytes >= fromBytes) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const leave = () => reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      upload.waiter = { fromBytes, goOn: resolve }
      try {
        await promise
      } finally {
        signal.removeEventListener('abort', leave)
        delete upload.waiter
      }
    },

    isDecided: (id) => uploads.get(id)?.positionBytes === Infinity,

    progress({ id, positionBytes }) {
      const upload = uploads.get(id)
      if (upload) advance(upload, positionBytes)
    },

    forget(id) {
      uploads.get(id)?.waiter?.goOn()
      uploads.delete(id)
    },

    release() {
      for (const upload of uploads.values()) advance(upload, Infinity)
      uploads.clear()
    },
  }
}
