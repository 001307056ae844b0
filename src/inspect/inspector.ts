import type { Inspector, Mismatch } from '../layers/inspector.ts'
import { diagnosis } from '../registry/diagnosis.ts'
import type { Digest } from '../registry/digest.ts'
import { type Findings, unexamined } from '../registry/findings.ts'
import type { UploadId } from '../registry/upload-id.ts'
import { createFollowing } from './following.ts'
import type { InspectionLimits } from './limits.ts'
import { createInspectThread } from './thread/inspect-thread.ts'

export interface InspectorOptions {
  readonly limits: InspectionLimits
  /** The file in which bytes lie; of a sealed layer, `undefined` when it is gone. */
  readonly locate: (bytes: UploadId | Digest) => string | undefined
  /** How long it may take from the last byte of a layer to its findings. */
  readonly inspectWaitMs: number
  /** How long one diagnosis may take once its turn has come, whoever still waits for it. */
  readonly diagnosisLimitMs: number
  /** Something could not be looked at. */
  readonly onFailure: (error: unknown) => void
}

export interface RunningInspector extends Inspector {
  /** Ends what is under way: that is unexamined, or unknown. */
  close(): Promise<void>
}

/** How far an upload may run ahead of its inspection, so that its end is not far behind its last byte. */
const maxLagBytes = 32 * 1024 * 1024

const inspectEntry = new URL('./thread/inspect-worker.ts', import.meta.url)
const diagnosisEntry = new URL('./thread/diagnosis-worker.ts', import.meta.url)

/** Inspects in one thread, and diagnoses in another: a diagnosis takes as much time as it may. */
export function createInspector(options: InspectorOptions): RunningInspector {
  const { limits, locate, inspectWaitMs, diagnosisLimitMs, onFailure } = options
  const settings = { limits }
  const following = createFollowing(maxLagBytes)
  const onProgress = following.progress
  const thread = createInspectThread({ entry: inspectEntry, settings, onProgress, onDeath })
  const diagnosing = createInspectThread({
    entry: diagnosisEntry,
    settings,
    onProgress,
    onDeath: onFailure,
  })

  let isClosing = false

  function onDeath(error: Error): void {
    following.release()
    onFailure(error)
  }

  async function ask(id: UploadId, sizeBytes: number): Promise<Findings> {
    const path = locate(id)
    if (path === undefined) throw new Error(`The upload ${id} is in no file.`)
    const answer = await thread.ask({ type: 'inspect', id, path, sizeBytes })
    if (answer.type !== 'findings') throw new Error(`${answer.type} is no answer.`)
    return answer.findings
  }

  async function askWhy({ id, known, ...mismatch }: Mismatch) {
    const path = locate(id)
    if (path === undefined) throw new Error(`The upload ${id} is in no file.`)
    const { hasGoodCopy, expectedFindings, isOtherLayer } = known
    const goodCopyPath = hasGoodCopy ? locate(mismatch.expected) : undefined
    const { digest, sizeBytes } = mismatch.received
    const answer = await diagnosing.ask({
      type: 'diagnose',
      mismatch: {
        ...mismatch,
        received: { digest, sizeBytes },
        path,
        isOtherLayer,
        timeLimitMs: diagnosisLimitMs,
        ...(goodCopyPath !== undefined && { goodCopyPath }),
        ...(expectedFindings && { expectedFindings }),
      },
    })
    if (answer.type !== 'diagnosis') throw new Error(`${answer.type} is no answer.`)
    return answer.diagnosis
  }

  function forget(id: UploadId): void {
    following.forget(id)
    thread.tell({ type: 'forget', id })
  }

  return {
    async follow(id, writtenBytes, signal) {
      signal.throwIfAborted()
      // To wake the thread for nothing costs some 100 µs.
      if (following.isDecided(id)) return
      const path = locate(id)
      if (path === undefined) return
      thread.tell({ type: 'follow', id, path })
      await following.catchUp(id, writtenBytes, signal)
    },

    async inspect(id, { digest, sizeBytes }) {
      const { promise: enough, resolve: end } = Promise.withResolvers<Findings>()
      const timer = setTimeout(() => end(unexamined('time')), inspectWaitMs)
      try {
        const findings = await Promise.race([ask(id, sizeBytes), enough])
        const isItsOwn = findings.compression === 'none' && !findings.unexamined
        return isItsOwn ? { ...findings, diffId: digest } : findings
      } catch (error) {
        onFailure(error)
        return unexamined('failed')
      } finally {
        clearTimeout(timer)
        forget(id)
      }
    },

    forget,

    async diagnose(mismatch) {
      const { sizeBytes } = mismatch.received
      try {
        return await askWhy(mismatch)
      } catch (error) {
        if (isClosing) return diagnosis('unknown', { receivedBytes: sizeBytes, cutShort: 1 })
        onFailure(error)
        return diagnosis('unknown', { receivedBytes: sizeBytes })
      }
    },

    async close() {
      isClosing = true
      following.release()
      await Promise.all([thread.close(), diagnosing.close()])
    },
  }
}
