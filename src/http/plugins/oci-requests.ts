import type { FastifyInstance } from 'fastify'
import { isOciPath } from '../oci-path.ts'

/** What every request of the distribution specification gets, whether there is a route for it or not. */
export function ociRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!isOciPath(request.url)) return
    reply.header('docker-distribution-api-version', 'registry/2.0')
    const { headers } = request
    // Blobs may come under any content type, and Fastify itself refuses one that is none.
    if (headers['content-type']?.includes('/') === false) {
      headers['content-type'] = 'application/octet-stream'
    }
  })
}
