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
  maxImagesPerRepository: 100_000,
  maxTagsPerImage: 1000,
  quotas: 'off',
  throttleStatus: 400,
  throttleName: 'ThrottlingException',
  anyRepository: false,
  region: 'us-east-1',
  keepBytes: true,
}

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
    maxImagesPerRepository: integer(),
    maxTagsPerImage: integer(),
    quotas: quotasShape,
    throttleStatus: oneOf(400, 429),
    throttleName: text({ min: 1 }),
    anyRepository: boolean,
    region: text({ min: 1 }),
    keepBytes: boolean,
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
