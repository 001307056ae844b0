import { openIfHeld } from '../../layers/open-if-held.ts'
import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import type { RepositoryName } from '../../registry/repository-name.ts'
import { forwardKey, type Target } from '../acceptance.ts'
import type { ForwardJournal, ForwardKey } from '../forward-journal.ts'
import type { ForwardOrigins } from '../forward-origins.ts'
import { type CanPull, isKnownLayer, orIn } from '../known-layer.ts'

export interface StartPorts {
  readonly journal: Pick<ForwardJournal, 'record' | 'hurry' | 'ofLayer'>
  readonly spool: Pick<Spool, 'open'>
  readonly origins: Pick<ForwardOrigins, 'recorded'>
}

/** On whose behalf, and where to, layers are sent from here. */
export interface StartRequest {
  readonly target: Target
  /** Whether layers of that repository may be sent. */
  readonly canPull: CanPull
  /**
   * Asked when all is known that would be sent, since a layer may have come to be held meanwhile. Returns what must not be sent, whose
   * faults not everybody who waits may know of.
   *
   * @throws LayergateError for what everybody may know
   */
  readonly judge: (canPull: CanPull) => Promise<ReadonlySet<Digest>>
}

export interface Started {
  /** If there are any, nothing was started. */
  readonly missing: readonly Digest[]
  readonly startedKeys: readonly ForwardKey[]
}

/**
 * Has what lies here sent, and no more held: the manifest has given its role. What is being read is not evicted: each layer stays open
 * until it is owed.
 */
export async function startFromHere(
  { journal, spool, origins }: StartPorts,
  request: StartRequest,
  digests: readonly Digest[],
): Promise<Started> {
  const { target } = request
  // Others may join meanwhile, or leave: what is judged is what is sent.
  const canPull = remembered(request.canPull)
  await using open = new AsyncDisposableStack()
  const missing: Digest[] = []
  const here: { readonly key: ForwardKey; readonly sizeBytes: number }[] = []
  for (const digest of digests) {
    const isKnown = await isKnownTo(journal, target, canPull, digest)
    const layer = isKnown ? open.use(await openIfHeld(spool, digest)) : undefined
    if (layer) here.push({ key: forwardKey(target, digest), sizeBytes: layer.sizeBytes })
    else missing.push(digest)
  }
  if (missing.length > 0) return { missing, startedKeys: [] }
  const faulty = here.length > 0 ? await request.judge(canPull) : new Set()
  const refused = here.map(({ key }) => key.digest).filter((digest) => faulty.has(digest))
  if (refused.length > 0) return { missing: refused, startedKeys: [] }

  const startedKeys = here.map(({ key }) => key)
  const { agent, requestId } = target
  await Promise.all(
    here.map(({ key, sizeBytes }) =>
      origins.recorded(key, requestId, () => journal.record(key, agent, sizeBytes)),
    ),
  )
  await journal.hurry(startedKeys)
  return { missing, startedKeys }
}

async function isKnownTo(
  journal: StartPorts['journal'],
  { repository, destination }: Target,
  canPull: CanPull,
  digest: Digest,
): Promise<boolean> {
  return isKnownLayer(await journal.ofLayer(digest), destination, orIn(repository, canPull))
}

/** Says the same of a repository each time. */
function remembered(canPull: CanPull): CanPull {
  const said = new Map<RepositoryName, boolean>()
  return (repository) => {
    const answer = said.get(repository) ?? canPull(repository)
    said.set(repository, answer)
    return answer
  }
}
