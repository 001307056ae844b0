import type { IncomingHttpHeaders } from 'node:http'
import { UpstreamError, type UpstreamFailure } from '../../publish/upstream-error.ts'
import { toUpstreamError } from '../exceptions.ts'
import { member, parseJson } from './json.ts'

export interface RefusedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** `undefined` when it is too large to be read. */
  readonly body: Buffer | undefined
}

/**
 * An answer that is not what was asked for. Its `exception` is the first error code of the distribution specification that it has, or
 * `Http<status>`. A refused token is `denied`.
 */
export function toRefusal(operation: string, answer: RefusedAnswer): UpstreamError {
  const { status, headers } = answer
  const { code, message } = firstError(answer.body)
  // In the form in which the SDK tells of its own refusals, so that one table judges the status of both.
  const { failure, facts } = toUpstreamError(operation, {
    name: code ?? `Http${status}`,
    message: message ?? `The registry answered ${status}.`,
    $metadata: { httpStatusCode: status, requestId: headers['x-amzn-requestid'] },
    $response: { headers },
  })
  return new UpstreamError(ownFailure(status, code) ?? failure, facts)
}

function ownFailure(status: number, code: string | undefined): UpstreamFailure | undefined {
  if (code === 'NAME_UNKNOWN') return 'repository_unknown'
  // A token that has expired is refused with 400 and this code (aws/containers-roadmap#2835), on private ECR with 403. An answer to
  // HEAD has no code.
  const isTokenRefused = status === 400 && (code === 'DENIED' || code === undefined)
  return status === 401 || status === 403 || isTokenRefused ? 'denied' : undefined
}

/** OCI distribution-spec, "Error Codes". */
const codeGrammar = /^[A-Z][A-Z0-9_]{0,63}$/

function firstError(body: Buffer | undefined) {
  const errors = body && member(parseJson(body), 'errors')
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  const code = member(first, 'code')
  const message = member(first, 'message')
  return {
    code: typeof code === 'string' && codeGrammar.test(code) ? code : undefined,
    message: typeof message === 'string' ? message : undefined,
  }
}
