import { openIfHeld } from '../../layers/open-if-held.ts'
import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { RepositoryName } from '../../registry/repository-name.ts'
import { forwardKey, type Target } from '../acceptance.ts'
import type { Awaited } from '../awaited.ts'
import {
  type Forward,
  type ForwardJournal,
  type ForwardKey,
  isOwed,
  isParked,
} from '../forward-journal.ts'
import { isKnownLayer } from '../known-layer.ts'
import type { Upstream } from '../upstream.ts'

export interface BarrierPorts {
  readonly journal: Pick<ForwardJournal, 'find' | 'record' | 'hurry' | 'settled' | 'ofLayer'>
  readonly awaited: Pick<Awaited, 'add'>
  readonly upstream: Pick<Upstream, 'absent'>
  readonly spool: Pick<Spool, 'open'>
}

/** Which blobs have to be upstream, and on whose behalf. */
export interface Crossing {
  readonly target: Target
  readonly blobs: readonly Digest[]
  /** Whether layers of that repository may stand in for missing ones. */
  readonly canPull: (repository: RepositoryName) => boolean
}

/**
 * Resolves when the repository has every blob. What is owed there is waited for; what lies here, known from a repository that the
 * agent may pull, is sent there first. Where there are blobs of neither kind, those are returned, and nothing was started.
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
  const owed = await Promise.all(blobs.map((digest) => findOwed(journal, target, digest)))
  const owedKeys = owed.filter((key) => key !== undefined)
  using waits = new DisposableStack()
  waits.use(awaited.add(owedKeys))
  await journal.hurry(owedKeys)

  const others = blobs.filter((_, index) => owed[index] === undefined)
  const absent = await findAbsent(upstream, target, others, signal)
  const { missing, startedKeys } = await startHeld(ports, crossing, absent)
  if (missing.length > 0) return missing
  waits.use(awaited.add(startedKeys))
  await allForwarded(journal, [...owedKeys, ...startedKeys], signal)
  return []
}

/**
 * What is parked gets one more chance: by now it may be mended. What is parked for good may be evicted by now: it is as good as
 * unknown.
 */
async function findOwed(
  journal: BarrierPorts['journal'],
  target: Target,
  digest: Digest,
): Promise<ForwardKey | undefined> {
  const forward = await journal.find(forwardKey(target, digest))
  if (!forward || !isOwed(forward)) return undefined
  if (forward.state === 'parked') {
    await journal.record(forward.key, target.agent, forward.sizeBytes)
  }
  return forward.key
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

interface Started {
  /** If there are any, nothing was started. */
  readonly missing: readonly Digest[]
  readonly startedKeys: readonly ForwardKey[]
}

/** Has what lies here sent. What is being read is not evicted: each layer stays open until it is owed. */
async function startHeld(
  { journal, spool }: BarrierPorts,
  crossing: Crossing,
  digests: readonly Digest[],
): Promise<Started> {
  const { target } = crossing
  await using open = new AsyncDisposableStack()
  const missing: Digest[] = []
  const held: { readonly key: ForwardKey; readonly sizeBytes: number }[] = []
  for (const digest of digests) {
    const isKnown = await isKnownTo(journal, crossing, digest)
    const layer = isKnown ? open.use(await openIfHeld(spool, digest)) : undefined
    if (layer) held.push({ key: forwardKey(target, digest), sizeBytes: layer.sizeBytes })
    else missing.push(digest)
  }
  if (missing.length > 0) return { missing, startedKeys: [] }

  const startedKeys = held.map(({ key }) => key)
  await Promise.all(held.map(({ key, sizeBytes }) => journal.record(key, target.agent, sizeBytes)))
  await journal.hurry(startedKeys)
  return { missing, startedKeys }
}

async function isKnownTo(
  journal: BarrierPorts['journal'],
  { target: { repository, destination }, canPull }: Crossing,
  digest: Digest,
): Promise<boolean> {
  const canRead = (other: RepositoryName) => other === repository || canPull(other)
  return isKnownLayer(await journal.ofLayer(digest), destination, canRead)
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
