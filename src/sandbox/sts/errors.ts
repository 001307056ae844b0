import { ApiException } from '../exceptions.ts'

// AWS STS API Reference, "Common Errors" and the errors of each action, in their names of the query protocol.
const statuses = {
  AccessDenied: 403,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  MalformedPolicyDocument: 400,
  MissingAuthenticationToken: 403,
  SignatureDoesNotMatch: 403,
  ValidationError: 400,
}

export function stsError(code: keyof typeof statuses, message: string): ApiException {
  return new ApiException(code, message, statuses[code])
}

const ofSignature: Readonly<Record<string, keyof typeof statuses>> = {
  ExpiredTokenException: 'ExpiredToken',
  IncompleteSignatureException: 'IncompleteSignature',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  UnrecognizedClientException: 'InvalidClientTokenId',
}

/** The same exception of a signature, as STS names it. Anything else comes back as it is. */
export function asStsError(error: unknown): unknown {
  if (!(error instanceof ApiException)) return error
  const code = ofSignature[error.name]
  return code === undefined ? error : stsError(code, error.message)
}
