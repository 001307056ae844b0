import type { FastifyInstance } from 'fastify'
import type { ListTags } from '../../reads/list-tags.ts'
import type { Referrers } from '../../reads/referrers.ts'
import { parseDigest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import { ociIndexType } from '../../registry/media-type.ts'
import { sendJson } from '../json-answer.ts'
import { type OciAccess, type OciPath, grantFor } from '../oci-request.ts'
import { queryValues } from '../query.ts'
import { duringRequest } from '../request-signal.ts'

export interface DiscoveryRoutes extends OciAccess {
  readonly listTags: ListTags
  readonly referrers: Referrers
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-discovery, and the question whether this is a registry. */
export function discoveryRoutes(app: FastifyInstance, ports: DiscoveryRoutes): void {
  app.get('/v2/', { config: { operation: 'getApiVersion' } }, async (_request, reply) =>
    sendJson(reply, 'application/json', {}),
  )

  app.head('/v2/', { config: { operation: 'headApiVersion' } }, async (_request, reply) =>
    reply.type('application/json').send(),
  )

  app.get<{ Params: OciPath }>(
    '/v2/:name/tags/list',
    { config: { operation: 'listTags' } },
    async (request, reply) => {
      const grant = grantFor(ports, request, 'pull')
      const [n] = queryValues(request, 'n')
      const [last] = queryValues(request, 'last')
      const page = {
        ...(n !== undefined && { n: pageSize(n) }),
        ...(last !== undefined && { last }),
      }
      const { tags, next } = await duringRequest(request, ports.shutdown, (signal) =>
        ports.listTags(grant, page, signal),
      )
      const { name } = request.params
      if (next !== undefined && n !== undefined) {
        const query = new URLSearchParams({ n, last: next })
        reply.header('link', `</v2/${name}/tags/list?${query.toString()}>; rel="next"`)
      }
      return sendJson(reply, 'application/json', { name, tags })
    },
  )

  app.get<{ Params: OciPath & { digest: string } }>(
    '/v2/:name/referrers/:digest',
    { config: { operation: 'listReferrers' } },
    async (request, reply) => {
      const digest = parseDigest(request.params.digest)
      const grant = grantFor(ports, request, 'pull')
      const [artifactType] = queryValues(request, 'artifactType')
      const manifests = await duringRequest(request, ports.shutdown, (signal) =>
        ports.referrers.list(grant, digest, artifactType, signal),
      )
      if (!manifests) {
        throw new LayergateError('referrers_unsupported', `${grant.repository} has no such list.`)
      }
      if (artifactType !== undefined) reply.header('oci-filters-applied', 'artifactType')
      return sendJson(reply, ociIndexType, {
        schemaVersion: 2,
        mediaType: ociIndexType,
        manifests,
      })
    },
  )
}

/** @throws LayergateError `page_size_invalid` */
function pageSize(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new LayergateError(
    'page_size_invalid',
    `${JSON.stringify(text.slice(0, 40))} is no number.`,
  )
}
