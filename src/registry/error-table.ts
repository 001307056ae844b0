/** What is fixed about an error. What varies (detail, expected, actual) comes with each one thrown. */
export interface ErrorEntry {
  readonly status: number
  /** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
  readonly ociCode: string
  /** Whether the same request may succeed later without anybody changing anything. */
  readonly retryable: boolean
  readonly title: string
  /** One sentence that a build engineer can act on. */
  readonly advice: string
}

/** The one table of errors: every failure that leaves the service has its row here. */
export const errorTable = {
  digest_missing: {
    status: 400,
    ociCode: 'DIGEST_INVALID',
    retryable: false,
    title: 'No digest was given',
    advice: 'Send the digest of the layer as the query parameter or form field "digest".',
  },
  digest_malformed: {
    status: 400,
    ociCode: 'DIGEST_INVALID',
    retryable: false,
    title: 'The digest is malformed',
    advice: 'Write the digest as "sha256:" and 64 lower-case hexadecimal digits.',
  },
  digest_unsupported: {
    status: 400,
    ociCode: 'DIGEST_INVALID',
    retryable: false,
    title: 'The digest algorithm is not supported',
    advice: 'Use sha256: ECR Public verifies no other algorithm.',
  },
  digest_conflict: {
    status: 400,
    ociCode: 'DIGEST_INVALID',
    retryable: false,
    title: 'Two different digests were given',
    advice: 'Give the digest once, or the same value each time.',
  },
  digest_mismatch: {
    status: 400,
    ociCode: 'DIGEST_INVALID',
    retryable: false,
    title: 'The bytes do not match the digest',
    advice: 'Compare the sizes, then hash the file on the agent; nothing was sent to AWS.',
  },
  repository_missing: {
    status: 400,
    ociCode: 'NAME_INVALID',
    retryable: false,
    title: 'No repository was given',
    advice:
      'Send the repository as the query parameter "repository", or as a form field before the file.',
  },
  repository_conflict: {
    status: 400,
    ociCode: 'NAME_INVALID',
    retryable: false,
    title: 'Two different repositories were given',
    advice: 'Give the repository once, or the same value each time.',
  },
  repository_name_invalid: {
    status: 400,
    ociCode: 'NAME_INVALID',
    retryable: false,
    title: 'The repository name is not valid',
    advice:
      'Use 2 to 205 characters: lower-case letters and digits, separated by single ".", "_", "-" or "/".',
  },
  repository_unknown: {
    status: 404,
    ociCode: 'NAME_UNKNOWN',
    retryable: false,
    title: 'ECR Public has no such repository',
    advice: 'Create the repository in ECR Public first, or correct its name.',
  },
  layer_empty: {
    status: 400,
    ociCode: 'BLOB_UPLOAD_INVALID',
    retryable: false,
    title: 'The layer is empty',
    advice: 'Check that the file was written before it was sent: ECR cannot store an empty layer.',
  },
  layer_too_large: {
    status: 413,
    ociCode: 'SIZE_INVALID',
    retryable: false,
    title: 'The layer is too large',
    advice: 'Split the layer: ECR Public takes at most 10,000 MiB each.',
  },
  layer_unknown: {
    status: 404,
    ociCode: 'BLOB_UNKNOWN',
    retryable: false,
    title: 'This layer is not known here',
    advice: 'Push the layer; nothing is known of it in this repository.',
  },
  form_invalid: {
    status: 400,
    ociCode: 'BLOB_UPLOAD_INVALID',
    retryable: false,
    title: 'The form cannot be read',
    advice:
      'Send multipart/form-data with a boundary, at most one file part named "layer", "repository" before it, and no other large fields.',
  },
  layer_part_missing: {
    status: 400,
    ociCode: 'BLOB_UPLOAD_INVALID',
    retryable: false,
    title: 'The form has no file part named "layer"',
    advice: 'With curl: -F layer=@layer.tar.gz.',
  },
  layer_part_repeated: {
    status: 400,
    ociCode: 'BLOB_UPLOAD_INVALID',
    retryable: false,
    title: 'The form has more than one file part',
    advice: 'Send one layer in each request.',
  },
  request_invalid: {
    status: 400,
    ociCode: 'UNSUPPORTED',
    retryable: false,
    title: 'The request cannot be read',
    advice: 'Compare the request with openapi.yaml.',
  },
  body_too_large: {
    status: 413,
    ociCode: 'SIZE_INVALID',
    retryable: false,
    title: 'The request body is too large',
    advice: 'Send layers to POST /v1/layers; other routes take no large bodies.',
  },
  content_type_unsupported: {
    status: 415,
    ociCode: 'UNSUPPORTED',
    retryable: false,
    title: 'The content type cannot be read',
    advice: 'Send application/octet-stream or multipart/form-data.',
  },
  content_encoding_unsupported: {
    status: 415,
    ociCode: 'UNSUPPORTED',
    retryable: false,
    title: 'Content-Encoding is not accepted',
    advice:
      'Send the bytes of the layer as they are: a compressed layer needs no Content-Encoding header.',
  },
  idle_timeout: {
    status: 408,
    ociCode: 'BLOB_UPLOAD_INVALID',
    retryable: true,
    title: 'No bytes came for too long',
    advice: 'Check the agent and the network between it and this service, then push again.',
  },
  client_aborted: {
    status: 499,
    ociCode: 'BLOB_UPLOAD_INVALID',
    retryable: true,
    title: 'The client left before its body ended',
    advice: 'Look for a crash or a timeout on the agent, then push again.',
  },
  expectation_unsupported: {
    status: 417,
    ociCode: 'UNSUPPORTED',
    retryable: false,
    title: 'The Expect header asks for something unknown',
    advice: 'Send no Expect header, or 100-continue.',
  },
  route_unknown: {
    status: 404,
    ociCode: 'UNSUPPORTED',
    retryable: false,
    title: 'There is no such route',
    advice: 'Compare the path with openapi.yaml.',
  },
  method_unsupported: {
    status: 405,
    ociCode: 'UNSUPPORTED',
    retryable: false,
    title: 'The route does not know this method',
    advice: 'Use one of the methods in the Allow header.',
  },
  overloaded: {
    status: 503,
    ociCode: 'TOOMANYREQUESTS',
    retryable: true,
    title: 'Too many uploads are being received',
    advice: 'Push again after the time in Retry-After.',
  },
  spool_full: {
    status: 503,
    ociCode: 'TOOMANYREQUESTS',
    retryable: true,
    title: 'The spool has no room for this layer',
    advice:
      'Push again after the time in Retry-After; if it persists, the operator enlarges LAYERGATE_SPOOL_MAX or the disk.',
  },
  spool_too_small: {
    status: 507,
    ociCode: 'UNKNOWN',
    retryable: false,
    title: 'The spool could never hold this layer',
    advice: 'The operator enlarges LAYERGATE_SPOOL_MAX or the disk; pushing again does not help.',
  },
  spool_damaged: {
    status: 500,
    ociCode: 'UNKNOWN',
    retryable: true,
    title: 'The spooled copy of this layer is damaged',
    advice: 'Push the layer again; the operator checks the disk of this service.',
  },
  shutting_down: {
    status: 503,
    ociCode: 'TOOMANYREQUESTS',
    retryable: true,
    title: 'The service is shutting down',
    advice: 'Push again in a few seconds.',
  },
  upstream_unavailable: {
    status: 502,
    ociCode: 'UNKNOWN',
    retryable: true,
    title: 'ECR Public cannot be reached, or fails',
    advice: 'Push again later; look at the AWS Health Dashboard if it persists.',
  },
  upstream_credentials: {
    status: 502,
    ociCode: 'UNKNOWN',
    retryable: false,
    title: 'AWS refuses the identity of this service',
    advice:
      'The operator checks the AWS credentials and permissions of this service, not of the agent.',
  },
  upstream_quota: {
    status: 403,
    ociCode: 'DENIED',
    retryable: false,
    title: 'A quota of ECR Public is used up',
    advice: 'Ask AWS to raise the quota that the detail names, or delete what is no longer needed.',
  },
  upstream_integrity: {
    status: 502,
    ociCode: 'UNKNOWN',
    retryable: true,
    title: 'The layer was damaged on the way to AWS, again and again',
    advice: 'Nothing is wrong with the layer; the operator checks the network path to AWS.',
  },
  upstream_rejected: {
    status: 502,
    ociCode: 'UNKNOWN',
    retryable: false,
    title: 'ECR Public refused the call',
    advice: "The operator looks at AWS's message and request id in the detail.",
  },
  destination_unknown: {
    status: 502,
    ociCode: 'UNKNOWN',
    retryable: false,
    title: 'This service does not forward there any more',
    advice:
      'The operator configures the registry that the detail names again, or the layer is pushed anew.',
  },
  internal: {
    status: 500,
    ociCode: 'UNKNOWN',
    retryable: true,
    title: 'Something went wrong inside this service',
    advice: 'The operator finds the cause in the log by the request id.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable
