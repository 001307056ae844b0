import type { FastifyInstance } from 'fastify'
import { LayergateError } from '../../registry/errors.ts'

/**
 * Whoever gave a browser a token for the status page is not to push whatever another page has it send along with that token. Browsers say
 * of everything that a page posts where the page comes from (https://fetch.spec.whatwg.org/#origin-header), and nobody else does.
 */
export function refusePages(scope: FastifyInstance): void {
  scope.addHook('onRequest', async ({ method, headers }) => {
    if (method === 'GET' || method === 'HEAD' || headers.origin === undefined) return
    throw new LayergateError('request_invalid', 'Pages of a browser may push nothing.')
  })
}
