import type { SealedLayer } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import { hasCode, LayergateError, toLayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { UploadId } from '../registry/upload-id.ts'
import type { Chunk } from './chunk.ts'
import { type FinishPorts, finishUpload, type Recipient } from './finish-upload.ts'
import { journalBytes } from './open-upload.ts'
import { measured, type Progress } from './progress.ts'
import { receive, type ReceiveLimits } from './receive.ts'
import { type ChunkPorts, receiveChunk } from './receive-chunk.ts'
import type { SessionLease, SessionLeases } from './session-leases.ts'
import { createUploadRemains } from './upload-remains.ts'
import { type UploadReport, uploadReport } from './upload-report.ts'
import type { UploadSession, UploadSessions } from './upload-sessions.ts'

/** Whom an upload belongs to: nobody else can see it. */
export interface UploadOwner {
  readonly repository: RepositoryName
  /** Whose it is: for others it does not exist. */
  readonly owner: string
}

/** One request that has to do with an upload. */
export interface UploadRequest extends UploadOwner {
  readonly id: UploadId
  /** The name that is told of whoever sent it. */
  readonly agent: string
  readonly requestId: string
}

/**
 * Uploads over several requests. What was acknowledged of one is durable; a request that fails, for whatever reason, leaves it as it
 * was before, unless the bytes that were acknowledged are wrong, or lost. Every method throws LayergateError `upload_unknown` for
 * an upload that is not there, has ended, or is somebody else's.
 */
export interface ResumableUploads {
  /** @throws LayergateError `spool_full` */
  begin(owner: UploadOwner, signal: AbortSignal): Promise<UploadSession>
  find(request: UploadOwner & { readonly id: UploadId }): Promise<UploadSession>
  /** @throws LayergateError as `receiveChunk` does, `upload_busy` */
  append(request: UploadRequest, chunk: Chunk, signal: AbortSignal): Promise<UploadSession>
  /**
   * Takes the last chunk, if there is one, and the whole layer through the gate. The same request once more is good again.
   *
   * @throws LayergateError as `append` and `finishUpload` do. `digest_mismatch` ends the upload where this request brought no bytes;
   *   otherwise they may be what was wrong, and can be sent anew.
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

export interface ResumablePorts extends Omit<ChunkPorts, 'inspector'>, FinishPorts {
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
  const { sessions, spool, hashes, leases, room } = ports
  const remains = createUploadRemains(ports)

  async function find({
    id,
    repository,
    owner,
  }: UploadOwner & { id: UploadId }): Promise<UploadSession> {
    const session = await sessions.find(id)
    const isTheirs = session?.repository === repository && session.agent === owner
    if (session?.isResumable && isTheirs) return session
    throw new LayergateError('upload_unknown', `${repository} has no upload ${id}.`)
  }

  async function findOpen(request: UploadOwner & { id: UploadId }): Promise<UploadSession> {
    const session = await find(request)
    if (session.finishedAs === undefined) return session
    throw new LayergateError('upload_unknown', `The upload is finished: ${session.finishedAs}.`)
  }

  function reportOf(
    { repository, agent, requestId }: UploadRequest,
    sizeBytes: number | undefined,
    { createdAt }: UploadSession,
  ) {
    const earlierSeconds = Math.max(0, ports.now().getTime() - createdAt.getTime()) / 1000
    const about = { repository, agent, requestId, entry: 'oci', earlierSeconds } as const
    const announced = { ...about, ...(sizeBytes !== undefined && { sizeBytes }) }
    return uploadReport(ports.observer, announced, ports.now)
  }

  /** What every request with bytes, or about all of them, has in common: its turn, its report, and what its failure means. */
  async function inTurn<T>(
    request: UploadRequest,
    chunk: Chunk | undefined,
    signal: AbortSignal,
    lookUp: (request: UploadRequest) => Promise<UploadSession>,
    task: (turn: Turn) => Promise<T>,
  ): Promise<T> {
    await lookUp(request)
    using lease = await leases.take(request.id, signal)
    const session = await lookUp(request)
    const report = reportOf(request, chunk ? chunk.sizeBytes : 0, session)
    try {
      const ends = AbortSignal.any([signal, lease.lost])
      return await task({ session, lease, report, signal: ends })
    } catch (thrown) {
      const error = toLayergateError(thrown)
      await room.afterFailure(error, chunk?.sizeBytes ?? 0).catch(ports.onLeftBehind)
      await remains.clearAway(session, error, chunk !== undefined).catch(ports.onLeftBehind)
      report.failed(error)
      throw error
    }
  }

  function take({ session, lease, report, signal }: Turn, chunk: Chunk): Promise<Progress> {
    return receiveChunk(ports, limits, session, chunk, lease, report.counting, signal)
  }

  /** Where the upload was sealed before, and then could not be recorded, the last chunk is needed for nothing but its hash. */
  async function takeLast(turn: Turn, chunk: Chunk): Promise<SealedLayer> {
    try {
      return measured(await take(turn, chunk))
    } catch (error) {
      if (!isUnknown(error)) throw error
      const before = await hashes.of(turn.session, turn.signal)
      return measured(await passBy(chunk, limits, turn.signal, before))
    }
  }

  /** What earlier requests brought; without what a failed one, or a crash, left behind it. */
  async function acknowledged({ session, lease }: Turn): Promise<SealedLayer> {
    const { received } = session
    try {
      await lease.working(() => remains.rollBack(session))
    } catch (error) {
      const isSealed = isUnknown(error) && (await spool.find(received.digest))
      if (!isSealed) throw error
    }
    return received
  }

  return {
    begin: ({ repository, owner }, signal) =>
      room.find(journalBytes, signal, () =>
        sessions.create({ repository, agent: owner, isResumable: true }),
      ),
    find: findOpen,

    append: (request, chunk, signal) =>
      inTurn(request, chunk, signal, findOpen, async (turn) => {
        const progress = await take(turn, chunk)
        const received = measured(progress)
        await turn.lease.working(() => sessions.advance(request.id, received))
        hashes.remember(request.id, progress)
        turn.report.goesOn()
        return { ...turn.session, received }
      }),

    finish: (request, chunk, expected, recipient, signal) =>
      inTurn(request, chunk, signal, find, async (turn) => {
        const { session, lease, report } = turn
        report.expected(expected)
        if (session.finishedAs !== undefined) {
          requireSame(session.finishedAs, expected)
          if (chunk) await passBy(chunk, limits, turn.signal)
          report.goesOn()
          return
        }
        const isFirstHand = session.received.sizeBytes === 0 || hashes.has(session)
        const received = chunk ? await takeLast(turn, chunk) : await acknowledged(turn)
        report.received(received)
        await lease.working(async () => {
          const { id, agent } = session
          const whole = { id, agent, received, expected, isFirstHand }
          await finishUpload(ports, whole, recipient, report)
          await sessions.finish(request.id, expected)
        })
        hashes.forget(request.id)
        report.verified()
      }),

    async cancel(request, signal) {
      await findOpen(request)
      using _ = await leases.take(request.id, signal)
      await findOpen(request)
      await remains.remove(request.id)
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

function isUnknown(error: unknown): boolean {
  return hasCode(error, 'upload_unknown')
}

function requireSame(finishedAs: Digest, expected: Digest): void {
  if (finishedAs === expected) return
  throw new LayergateError('upload_unknown', `The upload is finished: ${finishedAs}.`)
}

const nowhere = { write: () => Promise.resolve(), flush: () => Promise.resolve(0) }

/** Reads and hashes a body that is not to be stored: a client that has not sent all of it would not see the answer. */
function passBy(
  chunk: Chunk,
  limits: ReceiveLimits,
  signal: AbortSignal,
  before?: Progress,
): Promise<Progress> {
  chunk.welcome()
  return receive(chunk.body, nowhere, limits, signal, before)
}
