import type { LayerCache } from '../layers/layer-cache.ts'
import type { SealedLayer, Spool } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import { forwardKey, type Target } from './acceptance.ts'
import type { Forward, ForwardJournal, ForwardKey } from './forward-journal.ts'
import type { Upstream } from './upstream.ts'

export interface BarrierPorts {
  readonly journal: Pick<ForwardJournal, 'find' | 'record' | 'hurry' | 'settled' | 'ofLayer'>
  readonly upstream: Pick<Upstream, 'absent'>
  readonly spool: Pick<Spool, 'find'>
  readonly cache: Pick<LayerCache, 'hold'>
}

/** Which blobs have to be upstream, and on whose behalf. */
export interface Crossing {
  readonly target: Target
  readonly blobs: readonly Digest[]
  /** Whether layers of that repository may stand in for missing ones. */
  canPull(repository: RepositoryName): boolean
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
  const { journal, upstream, cache } = ports
  const { target, blobs } = crossing
  const owed = await Promise.all(blobs.map((digest) => findOwed(journal, target, digest)))
  const owedKeys = owed.filter((key) => key !== undefined)
  await journal.hurry(owedKeys)

  const others = blobs.filter((_, index) => owed[index] === undefined)
  const absent = await findAbsent(upstream, target, others, signal)
  using holds = new DisposableStack()
  for (const digest of absent) holds.use(cache.hold(digest))
  const held = await Promise.all(absent.map((digest) => findHeld(ports, crossing, digest)))
  const missing = absent.filter((_, index) => held[index] === undefined)
  if (missing.length > 0) return missing

  const started = held.filter((layer) => layer !== undefined).map(recordOwed)
  const startedKeys = (await Promise.all(started)).map(({ key }) => key)
  await journal.hurry(startedKeys)
  await allForwarded(journal, [...owedKeys, ...startedKeys], signal)
  return []

  function recordOwed({ digest, sizeBytes }: SealedLayer): Promise<Forward> {
    return journal.record(forwardKey(target, digest), target.agent, sizeBytes)
  }
}

/** What is parked gets one more chance: by now it may be mended. */
async function findOwed(
  journal: BarrierPorts['journal'],
  target: Target,
  digest: Digest,
): Promise<ForwardKey | undefined> {
  const forward = await journal.find(forwardKey(target, digest))
  if (!forward || forward.state === 'forwarded') return undefined
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

async function findHeld(
  { journal, spool }: BarrierPorts,
  { target, canPull }: Crossing,
  digest: Digest,
): Promise<SealedLayer | undefined> {
  const { repository, destination } = target
  const isKnown = (await journal.ofLayer(digest)).some(
    ({ key }) =>
      key.registry === destination.registry &&
      (key.repository === repository || canPull(key.repository)),
  )
  return isKnown ? spool.find(digest) : undefined
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
        if (forward.state === 'parked') throw parkedError(forward)
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
