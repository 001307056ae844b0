import { type Quotas, quotasShape } from './quotas.ts'
import { boolean, integer, oneOf, type Shape, structure, text } from './shapes.ts'

const mebibyte = 1024 * 1024

/** What ECR Public does not document, or where its stand-ins differ: each can be changed while the sandbox runs. */
export interface Switches {
  /** `partSize` in the answer of InitiateLayerUpload. */
  readonly partSizeBytes: number
  /** Parts but the last below it: LayerPartTooSmallException at CompleteLayerUpload. */
  readonly minPartBytes: number
  /** Larger parts: InvalidLayerPartException. More than 20 MiB is InvalidParameterException whatever stands here. */
  readonly maxPartBytes: number
  /** ECR Public quota page: 1,000 parts in a layer. */
  readonly maxParts: number
  /** ECR Public quota page: 10,000 MiB. */
  readonly maxLayerBytes: number
  /** The answer to a part beyond `maxParts` or `maxLayerBytes`. */
  readonly partsPastLimitError:
    | 'LimitExceededException'
    | 'InvalidParameterException'
    | 'InvalidLayerPartException'
  /** How BatchCheckLayerAvailability names an absent layer: UNAVAILABLE in `layers`, or MissingLayerDigest in `failures`. */
  readonly absentAs: 'unavailable' | 'failure'
  /** Whether an upload can go on after InvalidLayerException. */
  readonly uploadAfterInvalidLayer: 'kept' | 'dropped'
  /** The answer to a second CompleteLayerUpload after one that succeeded. */
  readonly repeatedComplete: 'UploadNotFoundException' | 'LayerAlreadyExistsException'
  /** Older uploads are gone: UploadNotFoundException. */
  readonly uploadTtlMs: number
  /** `lastValidByteReceived` in InvalidLayerPartException; always absent while the upload has no byte. */
  readonly lastValidByte: 'present' | 'absent'
  /** Undocumented on ECR Public; about 500 on private ECR (openai/tart#890): InvalidParameterException. */
  readonly maxLayersPerImage: number
  /** ECR Public quota page: LimitExceededException at CreateRepository. */
  readonly maxRepositories: number
  /** ECR Public quota page: LimitExceededException. */
  readonly maxImagesPerRepository: number
  /** ECR Public quota page: LimitExceededException. */
  readonly maxTagsPerImage: number
  /** Calls per second: `off`, `aws` for the figures of the ECR Public quota page, or own figures. */
  readonly quotas: Quotas
  readonly throttleStatus: 400 | 429
  readonly throttleName: string
  /** Create a repository when a call first names it. */
  readonly anyRepository: boolean
  /** The region of the endpoint. Outside us-east-1 GetAuthorizationToken answers UnsupportedCommandException. */
  readonly region: string
  /** Store the bytes of layers, or (for load tests) only digest and size. Fixed for an upload when it starts. */
  readonly keepBytes: boolean
  /** Older layers are gone unless an image names them. ECR Public documents no such age, and no promise either. */
  readonly unreferencedLayerTtlMs: number | 'off'
  /** Life of a token of the registry endpoint: 1 hour (oras-project/oras-go#1227). */
  readonly tokenTtlMs: number
  /** Whether the token endpoint tells that life. */
  readonly tokenExpiresIn: 'present' | 'absent'
  /** The answer to an expired or false token: 400 without a challenge (aws/containers-roadmap#2835). 401 has one. */
  readonly refusedTokenStatus: 400 | 401 | 403
  /** Docker-Content-Digest on a GET of a manifest; private ECR left it out at times (oras-project/oras-go#225). */
  readonly manifestDigestOnGet: 'present' | 'absent'
  /** GET of a blob: 307 to where its bytes are (aws/containers-roadmap#2671), or the bytes. */
  readonly blobGet: 'redirect' | 'direct'
  /** HEAD of a blob: 401 whatever the token (aws/containers-roadmap#2671), or what GET would say. */
  readonly blobHead: 'unauthorized' | 'works'
  /** Whether tags/list looks at `n` and `last`. */
  readonly tagPaging: 'honoured' | 'ignored'
  /** Referrers: an index, or 404 as where the API is not there. */
  readonly referrers: 'index' | 'not-found'
  /** Life of a role's session: what AssumeRole asks for, or so long. */
  readonly sessionTtlMs: number | 'asked'
}

export const defaultSwitches: Switches = {
  partSizeBytes: 10 * mebibyte,
  minPartBytes: 5 * mebibyte,
  maxPartBytes: 20 * mebibyte,
  maxParts: 1000,
  maxLayerBytes: 10_000 * mebibyte,
  partsPastLimitError: 'LimitExceededException',
  absentAs: 'unavailable',
  uploadAfterInvalidLayer: 'dropped',
  repeatedComplete: 'UploadNotFoundException',
  uploadTtlMs: 24 * 3_600_000,
  lastValidByte: 'present',
  maxLayersPerImage: 500,
  maxRepositories: 10_000,
  maxImagesPerRepository: 100_000,
  maxTagsPerImage: 1000,
  quotas: 'off',
  throttleStatus: 400,
  throttleName: 'ThrottlingException',
  anyRepository: false,
  region: 'us-east-1',
  keepBytes: true,
  unreferencedLayerTtlMs: 'off',
  tokenTtlMs: 3_600_000,
  tokenExpiresIn: 'absent',
  refusedTokenStatus: 400,
  manifestDigestOnGet: 'present',
  blobGet: 'redirect',
  blobHead: 'unauthorized',
  tagPaging: 'honoured',
  referrers: 'index',
  sessionTtlMs: 'asked',
}

const integerOr =
  <const W extends string>(word: W): Shape<number | W> =>
  (value, at) =>
    value === word ? word : integer()(value, at)

export const switchesShape: Shape<Partial<Switches>> = structure.exact(
  {},
  {
    partSizeBytes: integer(),
    minPartBytes: integer(),
    maxPartBytes: integer(),
    maxParts: integer(),
    maxLayerBytes: integer(),
    partsPastLimitError: oneOf(
      'LimitExceededException',
      'InvalidParameterException',
      'InvalidLayerPartException',
    ),
    absentAs: oneOf('unavailable', 'failure'),
    uploadAfterInvalidLayer: oneOf('kept', 'dropped'),
    repeatedComplete: oneOf('UploadNotFoundException', 'LayerAlreadyExistsException'),
    uploadTtlMs: integer(),
    lastValidByte: oneOf('present', 'absent'),
    maxLayersPerImage: integer(),
    maxRepositories: integer(),
    maxImagesPerRepository: integer(),
    maxTagsPerImage: integer(),
    quotas: quotasShape,
    throttleStatus: oneOf(400, 429),
    throttleName: text({ min: 1 }),
    anyRepository: boolean,
    region: text({ min: 1 }),
    keepBytes: boolean,
    unreferencedLayerTtlMs: integerOr('off'),
    tokenTtlMs: integer(),
    tokenExpiresIn: oneOf('present', 'absent'),
    refusedTokenStatus: oneOf(400, 401, 403),
    manifestDigestOnGet: oneOf('present', 'absent'),
    blobGet: oneOf('redirect', 'direct'),
    blobHead: oneOf('unauthorized', 'works'),
    tagPaging: oneOf('honoured', 'ignored'),
    referrers: oneOf('index', 'not-found'),
    sessionTtlMs: integerOr('asked'),
  },
)

export interface SwitchBoard {
  /** The switches as they stand now: read them at each call. */
  readonly now: () => Switches
  readonly set: (changes: Partial<Switches>) => void
}

export function createSwitchBoard(initial: Partial<Switches>): SwitchBoard {
  let switches: Switches = { ...defaultSwitches, ...initial }
  return {
    now: () => switches,
    set: (changes) => {
      switches = { ...switches, ...changes }
    },
  }
}
