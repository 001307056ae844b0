import type { TestContext } from 'node:test'
import { createPace } from '../../../src/publish/pace/pace.ts'
import { parseDigest } from '../../../src/registry/digest.ts'
import type {
  ForwardEnded,
  LayergateEvent,
  Observer,
  UploadEnded,
  UpstreamCalled,
} from '../../../src/registry/events.ts'
import { type ManualClock, manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'

export const mebibyte = 1024 * 1024

const about = {
  repository: 'team/app',
  agent: 'builder',
  digest: parseDigest(`sha256:${'a'.repeat(64)}`),
}

export const uploadStarted: LayergateEvent = {
  type: 'upload_started',
  ...about,
  entry: 'oci',
  requestId: '1',
  progress: () => ({ receivedBytes: 0, phase: 'receiving' }),
}

export function uploadEnded(
  sizeBytes: number,
  outcome: UploadEnded['outcome'],
  more: Partial<UploadEnded> = {},
): LayergateEvent {
  const ended = {
    type: 'upload_ended',
    ...about,
    entry: 'oci',
    requestId: '1',
    seconds: 1,
  } as const
  return { ...ended, sizeBytes, outcome, ...more }
}

export function forwardStarted(sizeBytes: number): LayergateEvent {
  return { type: 'forward_started', ...about, flightId: 'flight-1', sizeBytes }
}

export function forwardEnded(
  sizeBytes: number,
  outcome: ForwardEnded['outcome'] = 'forwarded',
): LayergateEvent {
  const flight = { flightId: 'flight-1', seconds: 1, parts: 1, attempts: 1 }
  const ended = { type: 'forward_ended', ...about, ...flight } as const
  return { ...ended, sizeBytes, outcome }
}

/** @param seconds how long the call took */
export function partSent(sentLayerBytes: number, seconds: number): UpstreamCalled {
  return {
    type: 'upstream_called',
    repository: 'team/app',
    agent: 'ci',
    destination: 'default',
    operation: 'UploadLayerPart',
    outcome: 'success',
    seconds,
    waitedSeconds: 0,
    sentLayerBytes,
  }
}

/** A call without bytes of a layer, which stood in the limiter's line for so long. */
export function called(operation: string, waitedSeconds: number, seconds = 0.1): LayergateEvent {
  return { ...partSent(0, seconds), operation, waitedSeconds }
}

export function forwardJoined(sizeBytes: number): LayergateEvent {
  return { type: 'forward_joined', ...about, sizeBytes }
}

export const upstreamPaused = {
  type: 'upstream_paused',
  destination: 'default',
  exception: 'ECONNREFUSED',
} as const

export const upstreamResumed = {
  type: 'upstream_resumed',
  destination: 'default',
  pausedSeconds: 60,
} as const

export function retried(reason: string, waitMs = 200): LayergateEvent {
  return {
    type: 'upstream_retried',
    destination: 'default',
    operation: 'UploadLayerPart',
    reason,
    exception: 'ServerException',
    attempt: 1,
    waitMs,
  }
}

/** So many parts of 10 MiB one after the other, as of one layer. */
export function sendLayer(
  observer: Observer,
  clock: ManualClock,
  parts: number,
  secondsEach: number,
): void {
  const partBytes = 10 * mebibyte
  observer.observe(forwardStarted(parts * partBytes))
  for (let part = 0; part < parts; part += 1) {
    clock.advance(secondsEach * 1000)
    observer.observe(partSent(partBytes, secondsEach))
  }
  observer.observe(forwardEnded(parts * partBytes))
}

/** 20 s of an upstream that takes 10 MiB in a second. */
export const aheadMebibytes = 200

export const aheadLayers = 20 * 10

interface Opening {
  readonly owedMebibytes?: number
  readonly owedLayers?: number
  readonly isMeasured?: boolean
}

export function openPace(
  t: TestContext,
  { owedMebibytes = 0, owedLayers = 0, isMeasured = true }: Opening = {},
) {
  const clock = manualClock(t)
  const journal = { owedMebibytes, owedLayers, asked: 0, errors: [] as unknown[] }
  const limiter = { layersPerSecond: 10 }
  const pace = createPace(
    {
      now: () => clock.now().getTime(),
      layersPerSecond: () => limiter.layersPerSecond,
      async owed() {
        journal.asked += 1
        if (journal.owedMebibytes < 0) throw new Error('the disk is full')
        return { bytes: journal.owedMebibytes * mebibyte, layers: journal.owedLayers }
      },
      onJournalError: (error) => journal.errors.push(error),
    },
    { aheadMs: 20_000 },
  )
  if (isMeasured) sendLayer(pace, clock, 30, 1)

  /** A body of which a MiB is read at a time, as fast as the pace lets it. */
  function body() {
    pace.observe(uploadStarted)
    const client = new AbortController()
    let mebibytes = 0
    async function read(most: number): Promise<void> {
      while (mebibytes < most) {
        await pace.admit(mebibyte, client.signal)
        mebibytes += 1
      }
    }
    return {
      client,
      read,
      get mebibytes() {
        return mebibytes
      },
      verified() {
        const bytes = mebibytes * mebibyte
        pace.observe(uploadEnded(bytes, 'verified', { layerSizeBytes: bytes }))
      },
    }
  }

  /** A part of a layer was taken, in a second. */
  function drain(partMebibytes = 10): void {
    clock.advance(1_000)
    pace.observe(partSent(partMebibytes * mebibyte, 1))
  }

  return { clock, journal, limiter, pace, body, drain }
}

/** Bytes that lie here from before a restart, more than AHEAD, and a flight that carries them away. */
export async function openBehind(t: TestContext, owedMebibytes = 1000) {
  const opened = openPace(t, { owedMebibytes })
  opened.pace.observe(forwardStarted(owedMebibytes * mebibyte))
  const body = opened.body()
  await body.read(1)
  await nextTurn()
  return { ...opened, first: body }
}
