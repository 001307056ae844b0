import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Forward, type ForwardJournal, isParked } from '../../publish/forward-journal.ts'
import { LayergateError } from '../../registry/errors.ts'
import type { Observer } from '../../registry/events.ts'
import { queryValues } from '../query.ts'
import { renderForward, renderTotals } from './forward-view.ts'
import { isEverything, type OneLayer, theLayer } from './meant-forwards.ts'

export interface ForwardRoutes {
  readonly journal: Pick<ForwardJournal, 'unpaid' | 'ofLayer' | 'retry' | 'drop' | 'totals'>
  readonly observer: Observer
  readonly now: () => Date
}

const defaultLimit = '100'
const maxLimit = 10_000
/** Changes that are asked of the journal at once: it commits them together. */
const batchSize = 500

/** What is owed to the upstream, and what an operator may do about it. Each answers with the forwards that it is about. */
export function forwardRoutes(
  app: FastifyInstance,
  { journal, observer, now }: ForwardRoutes,
): void {
  app.get('/v1/forwards', async (request) => {
    const limit = theLimit(request)
    const [unpaid, totals] = await Promise.all([journal.unpaid(limit + 1), journal.totals()])
    return {
      at: now().toISOString(),
      forwards: unpaid.slice(0, limit).map(renderForward),
      hasMore: unpaid.length > limit,
      totals: renderTotals(totals),
    }
  })

  /** As they stand then. */
  app.post('/v1/forwards/retry', async ({ body }) => {
    const meant = isEverything(body) ? await parked() : await owedOf(theLayer(body))
    return { forwards: await change('retry', meant) }
  })

  /** As they stood. */
  app.post('/v1/forwards/drop', async ({ body }) => ({
    forwards: await change('drop', await owedOf(theLayer(body))),
  }))

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
  ): Promise<readonly object[]> {
    const changed: Forward[] = []
    for (let start = 0; start < forwards.length; start += batchSize) {
      const batch = forwards.slice(start, start + batchSize)
      const after = await Promise.all(batch.map(({ key }) => journal[order](key)))
      changed.push(...after.filter((forward) => forward !== undefined))
    }
    for (const { key, agent, sizeBytes } of changed) {
      observer.observe({ type: 'forward_ordered', order, ...key, agent, sizeBytes })
    }
    return changed.map(renderForward)
  }
}

/** @throws LayergateError `request_invalid` */
function theLimit(request: FastifyRequest): number {
  const values = queryValues(request, 'limit')
  const text = values.length === 0 ? defaultLimit : values.join(', ')
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= maxLimit) return limit
  const detail = `limit must be a whole number from 1 to ${maxLimit}, not ${JSON.stringify(text)}.`
  throw new LayergateError('request_invalid', detail)
}
