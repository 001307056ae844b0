import { openIfHeld } from '../../layers/open-if-held.ts'
import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import { forwardKey, type Target } from '../acceptance.ts'
import type { ForwardJournal, ForwardKey } from '../forward-journal.ts'
import { type CanPull, isKnownLayer, orIn } from '../known-layer.ts'

export interface StartPorts {
  readonly journal: Pick<ForwardJournal, 'record' | 'hurry' | 'ofLayer'>
  readonly spool: Pick<Spool, 'open'>
}

/** On whose behalf, and where to, layers are sent from here. */
export interface StartRequest {
  readonly target: Target
  /** Whether layers of that repository may be sent. */
  readonly canPull: CanPull
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
  { journal, spool }: StartPorts,
  request: StartRequest,
  digests: readonly Digest[],
): Promise<Started> {
  const { target } = request
  await using open = new AsyncDisposableStack()
  const missing: Digest[] = []
  const here: { readonly key: ForwardKey; readonly sizeBytes: number }[] = []
  for (const digest of digests) {
    const isKnown = await isKnownTo(journal, request, digest)
    const layer = isKnown ? open.use(await openIfHeld(spool, digest)) : undefined
    if (layer) here.push({ key: forwardKey(target, digest), sizeBytes: layer.sizeBytes })
    else missing.push(digest)
  }
  if (missing.length > 0) return { missing, startedKeys: [] }

  const startedKeys = here.map(({ key }) => key)
  await Promise.all(here.map(({ key, sizeBytes }) => journal.record(key, target.agent, sizeBytes)))
  await journal.hurry(startedKeys)
  return { missing, startedKeys }
}

async function isKnownTo(
  journal: StartPorts['journal'],
  { target: { repository, destination }, canPull }: StartRequest,
  digest: Digest,
): Promise<boolean> {
  return isKnownLayer(await journal.ofLayer(digest), destination, orIn(repository, canPull))
}
