import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isRepositoryName } from '../../registry/repository-name.ts'
import { renderPage } from '../page/page.ts'
import type { Status, Viewer } from '../page/status.ts'
import { styleHash } from '../page/style.ts'
import { queryValues } from '../query.ts'

export interface StatusPageRoutes {
  readonly status: () => Promise<Status>
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    // The icon, which is part of the page.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * What is going on, for people.
 *
 * @param isAsked whether who sends a request is known, and may see no more than the policy says
 */
export function statusPageRoutes(
  app: FastifyInstance,
  { status }: StatusPageRoutes,
  isAsked: boolean,
): void {
  app.get('/', { config: { operation: 'getStatusPage' } }, async (request, reply) => {
    const viewer = isAsked ? viewerOf(request) : anybody
    const refreshes = !queryValues(request, 'refresh').includes('off')
    return reply.headers(headers).send(renderPage(await status(), viewer, refreshes))
  })
}

const anybody: Viewer = { canPull: () => true }

function viewerOf({ caller }: FastifyRequest): Viewer {
  return {
    agent: caller.agent,
    canPull: (name) => isRepositoryName(name) && caller.canPull(name),
  }
}
