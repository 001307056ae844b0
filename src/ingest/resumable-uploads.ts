import type { Digest } from '../registry/digest.ts'
import { LayergateError, toLayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { UploadId } from '../registry/upload-id.ts'
import type { Chunk } from './chunk.ts'
import { type FinishPorts, finishUpload, type Recipient } from './finish-upload.ts'
import { makeRoomForNextTry } from './layer-intake.ts'
import { measured, type Progress } from './progress.ts'
import { receive, type ReceiveLimits } from './receive.ts'
import { type ChunkPorts, receiveChunk } from './receive-chunk.ts'
import type { SessionLease, SessionLeases } from './session-leases.ts'
import { type UploadReport, uploadReport } from './upload-report.ts'
import type { UploadSession, UploadSessions } from './upload-sessions.ts'

/** Whom an upload belongs to: nobody else can see it. */
export interface UploadOwner {
  readonly repository: RepositoryName
  readonly agent: string
}

/** One request that has to do with an upload. */
export interface UploadRequest extends UploadOwner {
  readonly id: UploadId
  readonly requestId: string
}

/**
 * Uploads over several requests. What was acknowledged of one is durable; a request that fails, for whatever reason, leaves it as it
 * was before, unless the bytes that were acknowledged are in doubt by then. Every method throws LayergateError `upload_unknown` for
 * an upload that is not there, has ended, or is somebody else's.
 */
export interface ResumableUploads {
  begin(owner: UploadOwner): Promise<UploadSession>
  find(request: UploadOwner & { readonly id: UploadId }): Promise<UploadSession>
  /** @throws LayergateError as `receiveChunk` does, `upload_busy` */
  append(request: UploadRequest, chunk: Chunk, signal: AbortSignal): Promise<UploadSession>
  /**
   * Takes the last chunk, if there is one, and the whole layer through the gate. The same request once more is good again.
   *
   * @throws LayergateError as `append` and `finishUpload` do. `digest_mismatch` and `layer_too_large` end an upload that had bytes
   *   before; where all of them came with this request, the client may send them anew.
   */
  finish(
    request: UploadRequest,
    chunk: Chunk | undefined,
    expected: Digest,
    recipient: Recipient<unknown>,
    signal: AbortSignal,
  ): Promise<void>
  cancel(request: UploadOwner & { readonly id: UploadId }, signal: AbortSignal): Promise<void>
}

export interface ResumablePorts extends ChunkPorts, FinishPorts {
  readonly sessions: UploadSessions
  readonly leases: SessionLeases
  readonly observer: Observer
  readonly now: () => Date
  /** An upload could not be cleared away; the sweep will do it. */
  onLeftBehind(error: unknown): void
}

export function createResumableUploads(
  ports: ResumablePorts,
  limits: ReceiveLimits,
): ResumableUploads {
  const { sessions, spool, hashes, leases } = ports

  async function find({ id, ...owner }: UploadOwner & { id: UploadId }): Promise<UploadSession> {
    const session = await sessions.find(id)
    const isTheirs = session?.repository === owner.repository && session.agent === owner.agent
    if (session?.isResumable && isTheirs) return session
    throw new LayergateError('upload_unknown', `${owner.repository} has no upload ${id}.`)
  }

  async function findOpen(request: UploadOwner & { id: UploadId }): Promise<UploadSession> {
    const session = await find(request)
    if (session.finishedAs === undefined) return session
    throw new LayergateError('upload_unknown', `The upload is finished: ${session.finishedAs}.`)
  }

  async function remove(id: UploadId): Promise<void> {
    hashes.forget(id)
    await spool.discard(id)
    await sessions.end(id)
  }

  /** Drops what lies beyond the bytes of a session, as a request leaves it that failed, or did not outlive a crash. */
  async function rollBack({ id, received }: UploadSession): Promise<void> {
    if (received.sizeBytes === 0) return spool.discard(id)
    try {
      await using _ = await spool.resume(id, received.sizeBytes, 0)
    } catch (error) {
      // Sealed already, or lost: whoever seals it is told.
      if (!(error instanceof LayergateError && error.code === 'upload_unknown')) throw error
    }
  }

  function reportOf({ repository, agent, requestId }: UploadRequest, { createdAt }: UploadSession) {
    const earlierSeconds = Math.max(0, ports.now().getTime() - createdAt.getTime()) / 1000
    const about = { repository, agent, requestId, entry: 'oci', earlierSeconds } as const
    return uploadReport(ports.observer, about)
  }

  /** What every request with bytes, or about all of them, has in common: its turn, its report, and what its failure means. */
  async function inTurn<T>(
    request: UploadRequest,
    signal: AbortSignal,
    lookUp: (request: UploadRequest) => Promise<UploadSession>,
    task: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    await lookUp(request)
    using lease = await leases.take(request.id, signal)
    const session = await lookUp(request)
    const report = reportOf(request, session)
    try {
      const ends = AbortSignal.any([signal, lease.lost])
      return await task({ session, lease, report, signal: ends })
    } catch (thrown) {
      const error = toLayergateError(thrown)
      await makeRoomForNextTry(ports, error, session.received.sizeBytes)
      const clearAway = isLost(session, error) ? remove(request.id) : rollBack(session)
      await clearAway.catch(ports.onLeftBehind)
      report.failed(error)
      throw error
    }
  }

  function take({ session, lease, report, signal }: Turn, chunk: Chunk): Promise<Progress> {
    return receiveChunk(ports, limits, session, chunk, lease, report.counting, signal)
  }

  return {
    begin: (owner) => sessions.create({ ...owner, isResumable: true }),
    find: findOpen,

    append: (request, chunk, signal) =>
      inTurn(request, signal, findOpen, async (turn) => {
        const progress = await take(turn, chunk)
        const received = measured(progress)
        await turn.lease.working(() => sessions.advance(request.id, received))
        hashes.remember(request.id, progress)
        turn.report.goesOn()
        return { ...turn.session, received }
      }),

    finish: (request, chunk, expected, recipient, signal) =>
      inTurn(request, signal, find, async (turn) => {
        const { session, lease, report } = turn
        report.expected(expected)
        if (session.finishedAs !== undefined) {
          requireSame(session.finishedAs, expected)
          if (chunk) await passBy(chunk, limits, turn.signal)
          report.goesOn()
          return
        }
        if (!chunk) await lease.working(() => rollBack(session))
        const received = chunk ? measured(await take(turn, chunk)) : session.received
        report.received(received)
        await lease.working(async () => {
          await finishUpload(ports, request.id, received, expected, recipient)
          await sessions.finish(request.id, expected)
        })
        hashes.forget(request.id)
        report.verified()
      }),

    async cancel(request, signal) {
      await findOpen(request)
      using _ = await leases.take(request.id, signal)
      await findOpen(request)
      await remove(request.id)
    },
  }
}

interface Turn {
  readonly session: UploadSession
  readonly lease: SessionLease
  readonly report: UploadReport
  /** Also when another request takes over. */
  readonly signal: AbortSignal
}

/** Whether the chunks that were acknowledged cannot become a layer any more. */
function isLost({ received }: UploadSession, { code }: LayergateError): boolean {
  return received.sizeBytes > 0 && (code === 'digest_mismatch' || code === 'layer_too_large')
}

function requireSame(finishedAs: Digest, expected: Digest): void {
  if (finishedAs === expected) return
  throw new LayergateError('upload_unknown', `The upload is finished: ${finishedAs}.`)
}

/** Reads a body that is not needed: a client that has not sent all of it would not see the answer. */
async function passBy(chunk: Chunk, limits: ReceiveLimits, signal: AbortSignal): Promise<void> {
  chunk.welcome()
  await receive(
    chunk.body,
    { write: () => Promise.resolve(), flush: () => Promise.resolve(0) },
    limits,
    signal,
  )
}
