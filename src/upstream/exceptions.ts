import { UpstreamError, type UpstreamFailure } from '../publish/upstream-error.ts'

/**
 * What an exception means to us, by its name without the ending `Exception`: AWS spells several of them
 * both ways. What is not listed is judged by its status.
 *
 * Sources: the ECR Public API model (2020-10-30), the STS API model (2011-06-15) and AWS's "Common Errors" page, which
 * also covers what the front door answers before the service itself (signatures, tokens, throttling).
 */
const failures: ReadonlyMap<string, UpstreamFailure> = new Map<string, UpstreamFailure>([
  ['Server', 'unavailable'],
  ['RequestTimeout', 'unavailable'],

  ['Throttling', 'throttled'],
  ['Throttle', 'throttled'],
  ['TooManyRequests', 'throttled'],

  // The chain of sources reports a metadata service that is briefly down and an account without any
  // credentials in the same words; of the two, only the second needs to be told apart from an outage of
  // ECR. A source that lets its network error through is `unavailable`, by the error's code.
  ['CredentialsProviderError', 'credentials'],
  ['ProviderError', 'credentials'],
  ['ExpiredToken', 'credentials'],
  ['IncompleteSignature', 'credentials'],
  ['InvalidClientTokenId', 'credentials'],
  ['InvalidSignature', 'credentials'],
  ['MissingAuthenticationToken', 'credentials'],
  ['RequestExpired', 'credentials'],
  ['RequestTimeTooSkewed', 'credentials'],
  ['SignatureDoesNotMatch', 'credentials'],
  ['UnrecognizedClient', 'credentials'],
  // STS, of the token of a pod or a CI system that our own identity hangs on.
  ['InvalidIdentityToken', 'credentials'],
  ['IDPCommunicationError', 'unavailable'],

  ['AccessDenied', 'denied'],
  ['NotAuthorized', 'denied'],
  ['IDPRejectedClaim', 'denied'],
  ['RegionDisabled', 'denied'],

  ['RegistryNotFound', 'repository_unknown'],
  ['RepositoryNotFound', 'repository_unknown'],
  ['LimitExceeded', 'quota'],
  ['InvalidLayerPart', 'part_out_of_order'],
  ['UploadNotFound', 'upload_unknown'],
  ['InvalidLayer', 'invalid_layer'],
  ['LayersNotFound', 'references_unknown'],
  ['ReferencedImagesNotFound', 'references_unknown'],

  ['EmptyUpload', 'rejected'],
  ['InvalidParameter', 'rejected'],
  ['LayerPartTooSmall', 'rejected'],
  ['UnsupportedCommand', 'rejected'],
  ['MalformedPolicyDocument', 'rejected'],
  ['PackedPolicyTooLarge', 'rejected'],
  ['Validation', 'rejected'],
  ['ValidationError', 'rejected'],
])

const maxMessageLength = 300
/** Enough for the digests of a dozen layers or manifests. */
const maxListLength = 1_200

/** Whatever the SDK's `send` throws, or its credential providers do, in our words; what is in them already stays as it is. */
export function toUpstreamError(operation: string, error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error
  const name = text(property(error, 'name')) ?? 'UnknownError'
  const code = text(property(error, 'code'))
  const metadata = property(error, '$metadata')
  const status = integer(property(metadata, 'httpStatusCode'))
  const requestId = text(property(metadata, 'requestId'))
  const headers = property(property(error, '$response'), 'headers')
  const retryAfterMs = retryAfter(headers)
  const lastValidByte = integer(property(error, 'lastValidByteReceived'))
  const known = failures.get(withoutSuffix(name))
  const failure = known ?? (status === undefined ? withoutAnswer(name, code) : byStatus(status))

  return new UpstreamError(failure, {
    operation,
    // The SDK calls some lost connections TimeoutError and the others Error: their code is the name.
    exception: known === undefined && status === undefined ? (code ?? name) : name,
    message: firstLine(
      text(property(error, 'message')) ?? String(error),
      failure === 'references_unknown' ? maxListLength : maxMessageLength,
    ),
    ...(status === undefined ? {} : { status }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(failure === 'part_out_of_order' && lastValidByte !== undefined ? { lastValidByte } : {}),
    // An answer's full text stays out of logs: that of a signature error quotes the session token.
    ...(status === undefined ? { cause: error } : {}),
  })
}

/**
 * Why a role could not be assumed, with its name. It has no status: of ECR nothing was heard, neither that it answers nor that it does
 * not. STS that wants fewer calls is an outage of STS, and no reason to slow down calls to ECR.
 */
export function toAssumeRoleError(roleArn: string, error: unknown): UpstreamError {
  const { failure, facts } = toUpstreamError('AssumeRole', error)
  const { status: _, message, ...others } = facts
  return new UpstreamError(failure === 'throttled' ? 'unavailable' : failure, {
    ...others,
    message: message.includes(roleArn) ? message : `${message} (assuming the role ${roleArn})`,
  })
}

/** Whether the name has a row of its own, whatever the status it comes with. */
export function hasOwnRow(exception: string): boolean {
  return failures.has(withoutSuffix(exception))
}

function withoutSuffix(name: string): string {
  return name.replace(/Exception$/, '')
}

function byStatus(status: number): UpstreamFailure {
  if (status === 429) return 'throttled'
  return status >= 400 && status < 500 && status !== 408 ? 'rejected' : 'unavailable'
}

/** An error of neither the service nor the network is a mistake in a program: repeating it does not help. */
function withoutAnswer(name: string, code: string | undefined): UpstreamFailure {
  return code !== undefined || name === 'TimeoutError' ? 'unavailable' : 'rejected'
}

/** `Retry-After` counts seconds (or names a date, which AWS does not do), `x-amz-retry-after` milliseconds. */
function retryAfter(headers: unknown): number | undefined {
  const milliseconds = duration(property(headers, 'x-amz-retry-after'))
  if (milliseconds !== undefined) return milliseconds
  const seconds = duration(property(headers, 'retry-after'))
  return seconds === undefined ? undefined : seconds * 1000
}

function duration(header: unknown): number | undefined {
  return typeof header === 'string' && /^\d{1,9}(\.\d+)?$/.test(header) ? Number(header) : undefined
}

function firstLine(message: string, maxLength: number): string {
  const line = message.trim().split('\n', 1)[0] ?? ''
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function integer(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined
}
