import type { TestContext } from 'node:test'
import { createPace } from '../../../src/publish/pace/pace.ts'
import { parseDigest } from '../../../src/registry/digest.ts'
import type {
  ForwardEnded,
  LayergateEvent,
  Observer,
  UploadEnded,
} from '../../../src/registry/events.ts'
import { type ManualClock, manualClock } from '../../support/manual-clock.ts'
import { nextTurn } from '../../support/next-turn.ts'

export const mebibyte = 1024 * 1024

const about = {
  repository: 'team/app',
  agent: 'builder',
  digest: parseDigest(`sha256:${'a'.repeat(64)}`),
}

export const uploadStarted: LayergateEvent = { type: 'upload_started', ...about, entry: 'oci' }

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
  return { type: 'forward_started', ...about, sizeBytes }
}

export function forwardEnded(
  sizeBytes: number,
  outcome: ForwardEnded['outcome'] = 'forwarded',
): LayergateEvent {
  const ended = { type: 'forward_ended', ...about, seconds: 1, parts: 1, attempts: 1 } as const
  return { ...ended, sizeBytes, outcome }
}

/** @param seconds how long the call took */
export function partSent(sentLayerBytes: number, seconds: number): LayergateEvent {
  return {
    type: 'upstream_called',
    destination: 'default',
    operation: 'UploadLayerPart',
    outcome: 'success',
    seconds,
    sentLayerBytes,
  }
}

export function retried(reason: string): LayergateEvent {
  return {
    type: 'upstream_retried',
    destination: 'default',
    operation: 'UploadLayerPart',
    reason,
    exception: 'ServerException',
    attempt: 1,
    waitMs: 200,
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

interface Opening {
  readonly owedMebibytes?: number
  readonly isMeasured?: boolean
}

export function openPace(t: TestContext, { owedMebibytes = 0, isMeasured = true }: Opening = {}) {
  const clock = manualClock(t)
  const journal = { owedMebibytes, asked: 0, errors: [] as unknown[] }
  const pace = createPace(
    {
      now: () => clock.now().getTime(),
      async owedBytes() {
        journal.asked += 1
        if (journal.owedMebibytes < 0) throw new Error('the disk is full')
        return journal.owedMebibytes * mebibyte
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

  return { clock, journal, pace, body, drain }
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
