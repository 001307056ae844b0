import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../access/access.ts'
import type { RepositoryAction } from '../access/identity.ts'
import type { Chunk } from '../ingest/chunk.ts'
import { parseContentDigest } from '../registry/content-digest.ts'
import { LayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import { parseRepositoryName } from '../registry/repository-name.ts'
import { isUploadId, type UploadId } from '../registry/upload-id.ts'
import { refuseCodings } from './content-coding.ts'
import { type AuthorisedGrant, authorise } from './grants.ts'
import { contentLength } from './incoming-layer.ts'
import { hasBody, welcomeBody } from './request-body.ts'

/** The parameters of the paths of the distribution specification; `name` has its slashes. */
export interface OciPath {
  readonly name: string
}

export type OciRequest<P extends OciPath = OciPath> = FastifyRequest<{ Params: P }>

export interface GrantOfCaller extends AuthorisedGrant {
  readonly caller: Caller
}

export interface OciAccess {
  readonly observer: Observer
}

/** @throws LayergateError `repository_name_invalid`, `repository_denied`, `scope_insufficient` */
export function grantFor(
  { observer }: OciAccess,
  request: OciRequest,
  action: RepositoryAction,
): GrantOfCaller {
  const repository = parseRepositoryName(request.params.name)
  return { ...authorise(observer, request, action, repository), caller: request.caller }
}

/** @throws LayergateError `upload_unknown` */
export function theUploadId({ params }: OciRequest<OciPath & { id: string }>): UploadId {
  if (isUploadId(params.id)) return params.id
  throw new LayergateError('upload_unknown', `${params.name} has no such upload.`)
}

/** @throws LayergateError `content_encoding_unsupported`, `content_digest_malformed` */
export function incomingChunk(request: FastifyRequest, reply: FastifyReply): Chunk {
  refuseCodings(request)
  const sizeBytes = contentLength(request)
  const range = request.headers['content-range']
  const digestField = request.headers['content-digest']
  const contentDigest =
    typeof digestField === 'string' ? parseContentDigest(digestField) : undefined
  return {
    body: request.raw,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(range !== undefined && { range }),
    ...(contentDigest && { contentDigest }),
    welcome: () => welcomeBody(request, reply),
  }
}

/** Whether a request adds bytes to an upload, or says that it does. */
export function bringsChunk(request: FastifyRequest): boolean {
  return hasBody(request.raw) || request.headers['content-range'] !== undefined
}
