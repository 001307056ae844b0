import { openIfHeld } from '../layers/open-if-held.ts'
import type { KnownCopies } from '../layers/inspector.ts'
import type { LayerFindings } from '../layers/layer-findings.ts'
import type { Spool } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { Target } from './acceptance.ts'
import type { ForwardJournal } from './forward-journal.ts'
import { isKnownLayer } from './known-layer.ts'

export interface KnownCopiesPorts {
  readonly journal: Pick<ForwardJournal, 'ofLayer'>
  readonly spool: Pick<Spool, 'open'>
  readonly findings: Pick<LayerFindings, 'of'>
}

const nothingOpen = { [Symbol.asyncDispose]: async () => {} }

/** What bytes that came under a wrong digest may be compared with. The copies stay for as long as it is not disposed of. */
export type FindKnownCopies = (
  target: Target,
  /** Whether the agent may read there: layers of other repositories do not exist for it. */
  canPull: (repository: RepositoryName) => boolean,
  expected: Digest,
  actual: Digest,
) => Promise<KnownCopies & AsyncDisposable>

export function createFindKnownCopies(ports: KnownCopiesPorts): FindKnownCopies {
  const { journal, spool, findings } = ports

  return async ({ destination }, canPull, expected, actual) => {
    const [meant, sent] = await Promise.all([journal.ofLayer(expected), journal.ofLayer(actual)])
    const isOtherLayer = isKnownLayer(sent, destination, canPull)
    // What the agent may not know of is not looked at: that takes as long as if it were not there.
    if (!isKnownLayer(meant, destination, canPull))
      return { hasGoodCopy: false, isOtherLayer, ...nothingOpen }
    const copy = await openIfHeld(spool, expected)
    const expectedFindings = (await findings.of([expected])).get(expected)
    return {
      hasGoodCopy: copy !== undefined,
      ...(expectedFindings && { expectedFindings }),
      isOtherLayer,
      [Symbol.asyncDispose]: async () => copy?.[Symbol.asyncDispose](),
    }
  }
}
