import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorCode } from '../../registry/error-table.ts'
import { LayergateError, toLayergateError } from '../../registry/errors.ts'
import { sendJson } from '../json-answer.ts'
import { ociErrorsContentType, toOciErrors } from '../oci-errors.ts'
import { isOciPath } from '../oci-path.ts'
import { problemContentType, toProblem } from '../problem.ts'
import { settleBody } from '../request-body.ts'

/** Fastify's own refusals, in our words. */
const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content_type_unsupported',
  FST_ERR_CTP_INVALID_TYPE: 'content_type_unsupported',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request_invalid',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request_invalid',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request_invalid',
  FST_ERR_VALIDATION: 'request_invalid',
  FST_ERR_BAD_URL: 'request_invalid',
  FST_ERR_ASYNC_CONSTRAINT: 'request_invalid',
}

/** For requests that Fastify refuses before any hook runs, such as those with a malformed path. */
export function answerFrameworkError(
  thrown: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  reply.header('x-request-id', request.id).header('connection', 'close')
  void answer(translate(thrown), request, reply)
}

/**
 * The one place that answers failures: unknown routes, Fastify's own errors, ours, and everything else.
 *
 * @param onFailure to be told of each, and to add headers to its answer
 */
export function answerErrors(
  app: FastifyInstance,
  onFailure: (
    error: LayergateError,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => void = () => {},
): void {
  app.setNotFoundHandler((request) => {
    throw new LayergateError('route_unknown', `${request.method} ${pathOf(request)} is not served.`)
  })

  app.setErrorHandler(async (thrown: FastifyError | Error, request, reply) => {
    const error = translate(thrown)
    await settleBody(request, reply)
    onFailure(error, request, reply)
    return answer(error, request, reply)
  })
}

function translate(thrown: FastifyError | Error): LayergateError {
  const code = 'code' in thrown ? fastifyCodes[thrown.code] : undefined
  return code ? new LayergateError(code, thrown.message) : toLayergateError(thrown)
}

function answer(error: LayergateError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.code === 'internal') request.log.error({ err: error.cause }, 'request failed')
  if (error.facts.retryAfterSeconds !== undefined) {
    reply.header('retry-after', error.facts.retryAfterSeconds)
  }
  const isOci = isOciPath(request.url)
  const body = isOci ? toOciErrors(error, request.id) : toProblem(error, request.id)
  reply.code(error.entry.status)
  return sendJson(reply, isOci ? ociErrorsContentType : problemContentType, body)
}

function pathOf(request: FastifyRequest): string {
  const [target = ''] = request.originalUrl.split('?')
  // Of an absolute address, who the client says it is: that may be a password.
  const path = target.replace(/^[^/]*\/\/[^/]*@/, '//')
  return path.length > 100 ? `${path.slice(0, 100)}…` : path
}
