/** Calls of one lane go out one after another, at its rate. */
export type LaneName =
  | 'InitiateLayerUpload'
  | 'UploadLayerPart'
  | 'CompleteLayerUpload'
  | 'BatchCheckLayerAvailability'
  | 'PutImage'
  | 'GetAuthorizationToken'
  | 'DescribeRegistries'
  | 'RegistryReads'

/**
 * Calls per second that a new account may make, by the Amazon ECR Public service quotas page. An older copy of that page gives
 * InitiateLayerUpload 200; the lower figure is the safe one. Two rates are our own caution, because those calls are rare: of
 * GetAuthorizationToken AWS grants 200, and for Describe and Create calls it names no quota.
 */
const ratesPerSecond: Readonly<Record<LaneName, number>> = {
  BatchCheckLayerAvailability: 200,
  InitiateLayerUpload: 10,
  UploadLayerPart: 260,
  CompleteLayerUpload: 10,
  PutImage: 10,
  GetAuthorizationToken: 5,
  DescribeRegistries: 5,
  /** "Rate of authenticated image pulls". */
  RegistryReads: 10,
}

/** The operations that do not have a lane of their own name. */
const shared: ReadonlyMap<string, LaneName> = new Map([
  ['CreateRepository', 'DescribeRegistries'],
  ['GetManifest', 'RegistryReads'],
  ['HeadManifest', 'RegistryReads'],
  ['GetBlob', 'RegistryReads'],
  ['ListTags', 'RegistryReads'],
  ['GetReferrers', 'RegistryReads'],
])

/** In the order in which a paused account is probed first: the cheapest question comes before all others. */
export const laneNames = Object.keys(ratesPerSecond).filter(isLaneName)

/** Every operation that the table knows. */
export const limitedOperations: readonly string[] = [
  ...laneNames.filter((name) => name !== 'RegistryReads'),
  ...shared.keys(),
]

/** What the table does not know goes with the calls of which AWS names no quota. */
export function laneOf(operation: string): LaneName {
  return shared.get(operation) ?? (isLaneName(operation) ? operation : 'DescribeRegistries')
}

/**
 * @param quotaShare above 0, 1 at most: how much of each rate is ours
 * @param configured in place of the rates of a new account
 */
export function laneRates(
  quotaShare: number,
  configured: Readonly<Partial<Record<LaneName, number>>>,
): (lane: LaneName) => number {
  return (lane) => quotaShare * (configured[lane] ?? ratesPerSecond[lane])
}

function isLaneName(name: string): name is LaneName {
  return Object.hasOwn(ratesPerSecond, name)
}
