import type { IncomingMessage } from 'node:http'
import { ApiException } from '../exceptions.ts'
import { type Answer, jsonAnswer } from '../wire.ts'

// OCI distribution-spec, "Error Codes"; the statuses are those in use.
const statuses = {
  BLOB_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  PAGINATION_NUMBER_INVALID: 400,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNSUPPORTED: 405,
}

export function ociError(
  code: keyof typeof statuses,
  message: string,
  status = statuses[code],
): ApiException {
  return new ApiException(code, message, status)
}

/** The registry's form of an exception; 401 comes with the challenge, 405 with what is allowed. */
export function errorsAnswer({ name, message, status }: ApiException, origin: string): Answer {
  return {
    ...jsonAnswer(status, { errors: [{ code: name, message }] }),
    headers: {
      ...(status === 401 ? { 'www-authenticate': challenge(origin) } : {}),
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    },
  }
}

// The logs in oras-project/oras#456 and helm/helm#12491 show it.
const challenge = (origin: string): string =>
  `Bearer realm="${origin}/token/",service="public.ecr.aws",scope="aws"`

/** Scheme, host and port by which the client knows the sandbox. */
export const originOf = ({ headers }: IncomingMessage): string => `http://${headers.host}`
