import type { FastifyInstance } from 'fastify'
import type { Refusals } from '../../layers/refusals.ts'
import type { Observer } from '../../registry/events.ts'
import { authorise } from '../grants.ts'
import { listLimit } from '../list-limit.ts'
import { queryValues, theRepository } from '../query.ts'
import { renderRefusal } from '../refusal-view.ts'

export interface RefusalRoutes {
  readonly observer: Observer
  readonly refusals: Pick<Refusals, 'latest'>
}

const maxLimit = 1000

/** The layers that were refused lately, as far as the caller may know of their repositories. */
export function refusalRoutes(app: FastifyInstance, { observer, refusals }: RefusalRoutes): void {
  app.get('/v1/refusals', { config: { operation: 'listRefusals' } }, async (request) => {
    const limit = listLimit(request, maxLimit)
    const given = queryValues(request, 'repository')
    const wanted = given.length === 0 ? undefined : theRepository(given)
    const { caller } = request
    const repository = wanted && authorise(observer, request, 'pull', wanted).repository
    const latest = await refusals.latest({
      limit,
      ...(repository && { repository }),
      isShown: caller.canPull,
    })
    return { refusals: latest.map((refusal) => renderRefusal(refusal, caller.mayObserve)) }
  })
}
