import type { FastifyInstance } from 'fastify'
import { type Forward, type ForwardJournal, isParked } from '../../publish/forward-journal.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Observer } from '../../registry/events.ts'
import { listLimit } from '../list-limit.ts'
import { renderForward, renderRetried, renderTotals } from './forward-view.ts'
import { isEverything, type OneLayer, theLayer } from './meant-forwards.ts'

export interface ForwardRoutes {
  readonly journal: Pick<ForwardJournal, 'unpaid' | 'ofLayer' | 'retry' | 'drop' | 'totals'>
  readonly observer: Observer
  readonly now: () => Date
}

/** One forward, and what the journal answered to an order about it. */
interface Change {
  readonly before: Forward
  readonly after: Forward
}

const maxLimit = 10_000
/** Changes that are asked of the journal at once: it commits them together. */
const batchSize = 500

/** What is owed to the upstream, and what an operator may do about it. Each answers with the forwards that it is about. */
export function forwardRoutes(
  app: FastifyInstance,
  { journal, observer, now }: ForwardRoutes,
): void {
  app.get('/v1/forwards', async (request) => {
    const limit = listLimit(request, maxLimit)
    const [unpaid, totals] = await Promise.all([journal.unpaid(limit + 1), journal.totals()])
    return {
      at: now().toISOString(),
      forwards: unpaid.slice(0, limit).map(renderForward),
      hasMore: unpaid.length > limit,
      totals: renderTotals(totals),
    }
  })

  /** As they stand then. What was held is released, on the operator's word; `all` is what is parked, and leaves alone what is held. */
  app.post('/v1/forwards/retry', async ({ body }) => {
    const meant = isEverything(body) ? await parked() : await owedOf(theLayer(body))
    const changes = await change('retry', meant)
    return { forwards: changes.map(({ before, after }) => renderRetried(after, before)) }
  })

  /** As they stood. */
  app.post('/v1/forwards/drop', async ({ body }) => {
    const changes = await change('drop', await owedOf(theLayer(body)))
    return { forwards: changes.map(({ after }) => renderForward(after)) }
  })

  async function parked(): Promise<readonly Forward[]> {
    const unpaid = await journal.unpaid(Number.MAX_SAFE_INTEGER)
    return unpaid.filter(isParked)
  }

  async function owedOf({ registry, repository, digest }: OneLayer): Promise<readonly Forward[]> {
    const owed = (await journal.ofLayer(digest)).filter(
      ({ key, state }) =>
        key.repository === repository &&
        (registry === undefined || key.registry === registry) &&
        state !== 'forwarded',
    )
    if (owed.length > 0) return owed
    const where = registry === undefined ? repository : `${repository} in ${registry}`
    throw new LayergateError('layer_unknown', `Nothing is owed of ${digest} to ${where}.`)
  }

  /** Leaves out what was paid meanwhile. */
  async function change(
    order: 'retry' | 'drop',
    forwards: readonly Forward[],
  ): Promise<readonly Change[]> {
    const changes: Change[] = []
    for (let start = 0; start < forwards.length; start += batchSize) {
      const batch = forwards.slice(start, start + batchSize)
      const answers = await Promise.all(batch.map(({ key }) => journal[order](key)))
      for (const [index, before] of batch.entries()) {
        const after = answers[index]
        if (after) changes.push({ before, after })
      }
    }
    for (const { after } of changes) {
      const { key, agent, sizeBytes } = after
      observer.observe({ type: 'forward_ordered', order, ...key, agent, sizeBytes })
    }
    return changes
  }
}
