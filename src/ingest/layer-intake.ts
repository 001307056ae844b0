import type { Readable } from 'node:stream'
import type { SealedLayer } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import { toLayergateError } from '../registry/errors.ts'
import type { Entry, Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import { type Acceptance, type FinishPorts, finishUpload } from './finish-upload.ts'
import { growingWriter } from './growing-writer.ts'
import { type OpenPorts, openUpload } from './open-upload.ts'
import { type ReceiveLimits, receive, tooLarge } from './receive.ts'
import { uploadReport } from './upload-report.ts'

export interface IntakePorts extends OpenPorts, FinishPorts {
  readonly observer: Observer
}

/** What is known of a layer before its body is read. */
export interface Announcement {
  readonly repository: RepositoryName
  readonly agent: string
  readonly entry: Entry
  readonly requestId: string
  /** Absent where it may come after the body, as in a form. */
  readonly expected?: Digest
  readonly sizeBytes?: number
}

/** The two steps of one upload, in this order. */
export interface Intake {
  receive(body: Readable): Promise<SealedLayer>
  finish<T>(received: SealedLayer, expected: Digest, acceptance: Acceptance<T>): Promise<T>
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
    const report = uploadReport(ports.observer, announcement)
    try {
      const result = await takeLayer(ports, limits, announcement, signal, async (intake) =>
        steps({
          async receive(body) {
            const received = await intake.receive(body)
            report.received(received)
            return received
          },
          finish(received, expected, acceptance) {
            report.expected(expected)
            return intake.finish(received, expected, acceptance)
          },
        }),
      )
      report.verified()
      return result
    } catch (thrown) {
      const error = toLayergateError(thrown)
      report.failed(error)
      throw error
    }
  }
}

async function takeLayer<T>(
  ports: IntakePorts,
  limits: ReceiveLimits,
  { repository, agent, expected, sizeBytes }: Announcement,
  signal: AbortSignal,
  steps: (intake: Intake) => Promise<T>,
): Promise<T> {
  if (sizeBytes !== undefined && sizeBytes > limits.maxLayerBytes)
    throw tooLarge(limits.maxLayerBytes)
  const session = { repository, agent, ...(expected && { expected }) }
  const upload = await openUpload(ports, session, sizeBytes ?? 0, signal)
  try {
    return await steps({
      receive(body) {
        const isSizeKnown = sizeBytes !== undefined
        const sink = isSizeKnown ? upload.writer : growingWriter(upload.writer, ports.room, signal)
        return receive(body, sink, limits, signal)
      },
      finish: (received, digest, acceptance) =>
        finishUpload(ports, upload, received, digest, acceptance),
    })
  } finally {
    await upload.close()
  }
}
