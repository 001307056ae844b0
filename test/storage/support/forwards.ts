import assert from 'node:assert/strict'
import type {
  Forward,
  ForwardError,
  ForwardJournal,
  ForwardKey,
} from '../../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { layerOf, someBytes } from './layers.ts'

export const failed: ForwardError = { code: 'upstream_unavailable', detail: 'AWS is away.' }
/** Why something is held. */
export const hold: ForwardError = { code: 'malformed_gzip', detail: 'Its checksum is wrong.' }
export const published = { alreadyPresent: false, parts: 3, attempts: 1 }

export function someKey(): ForwardKey {
  return {
    registry: 'default',
    repository: parseRepositoryName('team/app'),
    digest: layerOf(someBytes(8)).digest,
  }
}

/** What recording 100 bytes of `ci` to be held comes to. */
export function heldForward(key: ForwardKey, at: Date): Forward {
  return {
    key,
    agent: 'ci',
    sizeBytes: 100,
    state: 'held',
    alreadyPresent: false,
    parts: 0,
    attempts: 0,
    error: hold,
    recordedAt: at,
    changedAt: at,
  }
}

export async function recordAll(
  forwards: ForwardJournal,
  keys: readonly ForwardKey[],
): Promise<void> {
  for (const key of keys) await forwards.record(key, 'ci', 1)
}

/** Claims `count` forwards, one after the other, and leaves them in flight. */
export async function claimed(forwards: ForwardJournal, count: number): Promise<ForwardKey[]> {
  const keys = []
  for (let claims = 0; claims < count; claims += 1) {
    const { forward } = await forwards.claim(new AbortController().signal)
    keys.push(forward.key)
  }
  return keys
}

export async function assertNothingDue(forwards: ForwardJournal): Promise<void> {
  const leaving = new AbortController()
  const claim = forwards.claim(leaving.signal)
  // The second answer comes behind that to the claim: what is due is handed out by then.
  for (let answers = 0; answers < 2; answers += 1) await forwards.totals()
  leaving.abort(new Error('nothing is due'))
  await assert.rejects(claim, /nothing is due/)
}
