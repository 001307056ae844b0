/** Exceptions that the sandbox raises itself; a fault may answer any other name. */
export type ExceptionName =
  | 'AccessDeniedException'
  | 'EmptyUploadException'
  | 'ExpiredTokenException'
  | 'ImageAlreadyExistsException'
  | 'ImageDigestDoesNotMatchException'
  | 'ImageNotFoundException'
  | 'IncompleteSignatureException'
  | 'InvalidLayerException'
  | 'InvalidLayerPartException'
  | 'InvalidParameterException'
  | 'InvalidSignatureException'
  | 'InvalidTagParameterException'
  | 'LayerAlreadyExistsException'
  | 'LayerPartTooSmallException'
  | 'LayersNotFoundException'
  | 'LimitExceededException'
  | 'MissingAuthenticationTokenException'
  | 'ReferencedImagesNotFoundException'
  | 'RegistryNotFoundException'
  | 'RepositoryAlreadyExistsException'
  | 'RepositoryNotFoundException'
  | 'RequestEntityTooLargeException'
  | 'SerializationException'
  | 'ServerException'
  | 'TooManyTagsException'
  | 'UnknownOperationException'
  | 'UnrecognizedClientException'
  | 'UnsupportedCommandException'
  | 'UploadNotFoundException'

/** An error answer of the API: `name` goes out as `__type`, `members` stand beside `message`. */
export class ApiException extends Error {
  readonly status: number
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    name: string,
    message: string,
    status = statusOf(name),
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
    this.name = name
    this.status = status
    this.members = members
  }
}

/** The exception of a documented name, with its usual status. */
export function exception(
  name: ExceptionName,
  message: string,
  members: Readonly<Record<string, unknown>> = {},
): ApiException {
  return new ApiException(name, message, statusOf(name), members)
}

// Amazon ECR Public API Reference, CompleteLayerUpload: 500 for ServerException, 400 for the others.
export function statusOf(name: string): number {
  if (name === 'ServerException') return 500
  return name === 'RequestEntityTooLargeException' ? 413 : 400
}
