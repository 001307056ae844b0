import type { Digest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import { forwardKey, type Target } from '../acceptance.ts'
import type { Awaited } from '../awaited.ts'
import {
  type Forward,
  type ForwardJournal,
  type ForwardKey,
  isOwed,
  isParked,
} from '../forward-journal.ts'
import type { CanPull } from '../known-layer.ts'
import type { Upstream } from '../upstream.ts'
import { startFromHere, type StartPorts, type StartRequest } from './start-from-here.ts'

export interface BarrierPorts extends StartPorts {
  readonly journal: Pick<ForwardJournal, 'find' | 'record' | 'hurry' | 'settled' | 'ofLayer'>
  readonly awaited: Pick<Awaited, 'add'>
  readonly upstream: Pick<Upstream, 'absent'>
}

/** Which blobs have to be upstream, and on whose behalf. */
export interface Crossing {
  readonly target: Target
  readonly blobs: readonly Digest[]
  /** Whether layers of that repository may stand in for missing ones. */
  readonly canPull: CanPull
  /** See `StartRequest`. */
  readonly judge: StartRequest['judge']
}

/**
 * Resolves when the repository has every blob. What is owed there is waited for; what is held there, or lies here, known from a
 * repository that the agent may pull, is sent there first. Where there are blobs of neither kind, those are returned, and nothing was
 * started.
 *
 * @throws LayergateError when a blob cannot be forwarded until a person acts
 * @throws UpstreamError
 * @throws the reason of `signal`
 */
export async function crossBarrier(
  ports: BarrierPorts,
  crossing: Crossing,
  signal: AbortSignal,
): Promise<readonly Digest[]> {
  const { journal, upstream, awaited } = ports
  const { target, blobs } = crossing
  const forwards = await findForwards(journal, crossing)
  const owed = forwards.filter(isUnderWay)
  await tryParkedAgain(journal, target, owed)
  const owedKeys = owed.map(({ key }) => key)
  using waits = new DisposableStack()
  waits.use(awaited.add(owedKeys))
  await journal.hurry(owedKeys)

  const held = forwards.filter(({ state }) => state === 'held')
  const known = new Set([...owed, ...held].map(digestOf))
  const others = blobs.filter((digest) => !known.has(digest))
  const absent = await findAbsent(upstream, target, others, signal)
  const wanted = [...held.map(digestOf), ...absent]
  const { missing, startedKeys } = await startFromHere(ports, crossing, wanted)
  if (missing.length > 0) return missing
  waits.use(awaited.add(startedKeys))
  await allForwarded(journal, [...owedKeys, ...startedKeys], signal)
  return []
}

async function findForwards(
  journal: BarrierPorts['journal'],
  { target, blobs }: Crossing,
): Promise<readonly Forward[]> {
  const all = await Promise.all(blobs.map((digest) => journal.find(forwardKey(target, digest))))
  return all.filter((forward) => forward !== undefined)
}

function digestOf({ key }: Forward): Digest {
  return key.digest
}

/** What is parked for good may be evicted by now: it is as good as unknown. */
function isUnderWay(forward: Forward): boolean {
  return isOwed(forward) && forward.state !== 'held'
}

/** By now it may be mended. */
async function tryParkedAgain(
  journal: BarrierPorts['journal'],
  { agent }: Target,
  owed: readonly Forward[],
): Promise<void> {
  const parked = owed.filter(({ state }) => state === 'parked')
  await Promise.all(parked.map(({ key, sizeBytes }) => journal.record(key, agent, sizeBytes)))
}

/** Of one question to the upstream. */
const maxDigests = 100

async function findAbsent(
  upstream: BarrierPorts['upstream'],
  target: Target,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<readonly Digest[]> {
  const found: Digest[] = []
  for (let index = 0; index < digests.length; index += maxDigests) {
    const batch = digests.slice(index, index + maxDigests)
    const absent = await upstream.absent({ ...target, signal }, batch)
    found.push(...batch.filter((digest) => absent.has(digest)))
  }
  return found
}

async function allForwarded(
  journal: BarrierPorts['journal'],
  keys: readonly ForwardKey[],
  signal: AbortSignal,
): Promise<void> {
  const scope = new AbortController()
  const waiting = AbortSignal.any([signal, scope.signal])
  try {
    await Promise.all(
      keys.map(async (key) => {
        const forward = await journal.settled(key, waiting)
        if (isParked(forward)) throw parkedError(forward)
      }),
    )
  } finally {
    scope.abort()
  }
}

function parkedError({ key, error }: Forward): LayergateError {
  const { code = 'internal', detail = 'It is parked.' } = error ?? {}
  return new LayergateError(code, `${key.digest}: ${detail}`)
}
