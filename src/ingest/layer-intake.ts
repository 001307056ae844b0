import type { Readable } from 'node:stream'
import type { SealedLayer } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import { toLayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import type { Announcement } from './announcement.ts'
import { type FinishPorts, finishUpload, type Recipient } from './finish-upload.ts'
import { growingWriter } from './growing-writer.ts'
import { inspectedSink } from './inspected-sink.ts'
import { pacedSink } from './layer-sink.ts'
import { type OpenPorts, openUpload } from './open-upload.ts'
import type { Pace } from './pace.ts'
import { measured } from './progress.ts'
import { type ReceiveLimits, receive, tooLarge } from './receive.ts'
import { uploadReport } from './upload-report.ts'

export interface IntakePorts extends OpenPorts, FinishPorts {
  readonly observer: Observer
  readonly pace: Pace
  readonly now: () => Date
  /** An upload could not be cleared away; the next start will do it. */
  onLeftBehind(error: unknown): void
}

/** The two steps of one upload, in this order. */
export interface Intake {
  receive(body: Readable): Promise<SealedLayer>
  finish<T>(received: SealedLayer, expected: Digest, recipient: Recipient<T>): Promise<T>
}

/**
 * One upload that begins and ends within one request. Whatever `steps` throws, nothing of a layer that was not
 * accepted is left behind.
 *
 * @throws LayergateError as `openUpload`, `receive` and `finishUpload` do, or made of whatever `steps` throws
 */
export type TakeLayer = <T>(
  announcement: Announcement,
  signal: AbortSignal,
  steps: (intake: Intake) => Promise<T>,
) => Promise<T>

export function createLayerIntake(ports: IntakePorts, limits: ReceiveLimits): TakeLayer {
  return async (announcement, signal, steps) => {
    const { repository, agent, expected, sizeBytes, atMostBytes = sizeBytes } = announcement
    const reserveBytes = Math.min(atMostBytes ?? 0, limits.maxLayerBytes)
    const report = uploadReport(ports.observer, announcement, ports.now)
    try {
      if ((sizeBytes ?? 0) > limits.maxLayerBytes) throw tooLarge(limits.maxLayerBytes)
      const session = { repository, agent, isResumable: false, ...(expected && { expected }) }
      const upload = await openUpload(ports, session, reserveBytes, signal)
      const roomy =
        atMostBytes === undefined
          ? growingWriter(upload.writer, upload.writer, ports.room, signal)
          : upload.writer
      const { id } = upload.session
      const paced = pacedSink(report.counting(roomy), ports.pace, signal)
      const sink = inspectedSink(paced, ports.inspector, id, 0, signal)
      try {
        const result = await steps({
          async receive(body) {
            const received = measured(await receive(body, sink, limits, signal))
            report.received(received)
            return received
          },
          finish(received, digest, recipient) {
            report.expected(digest)
            const whole = { id, agent, received, expected: digest, isFirstHand: true }
            return finishUpload(ports, whole, recipient, report)
          },
        })
        report.verified()
        return result
      } finally {
        ports.inspector.forget(id)
        // Neither a refusal nor an accepted layer changes because something could not be cleared away.
        await upload.close().catch(ports.onLeftBehind)
      }
    } catch (thrown) {
      const error = toLayergateError(thrown)
      await ports.room.afterFailure(error, reserveBytes).catch(ports.onLeftBehind)
      report.failed(error)
      throw error
    }
  }
}
