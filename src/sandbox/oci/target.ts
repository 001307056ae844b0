import type { CallRecord } from '../call-log.ts'

const operations = {
  'GET version': 'GetVersion',
  'HEAD version': 'GetVersion',
  'GET manifests': 'GetManifest',
  'HEAD manifests': 'HeadManifest',
  'GET blobs': 'GetBlob',
  'HEAD blobs': 'HeadBlob',
  'GET tags': 'ListTags',
  'GET referrers': 'GetReferrers',
} as const

export type ReadOperation = (typeof operations)[keyof typeof operations]

/** What a request to `/v2/` is about. */
export interface Target {
  readonly operation: ReadOperation | 'Unknown'
  /** The alias or the account id. */
  readonly registryId: string
  readonly repositoryName: string
  /** A tag or a digest; `list` for tags. */
  readonly reference: string
  readonly query: URLSearchParams
}

/** Reads `/v2/<alias>/<repository>/...`, as it is behind public.ecr.aws. */
export function parseTarget(method: string, url: string): Target {
  const [path = '', query] = url.split('?', 2)
  const named = /^\/v2\/([^/]+)\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(path)
  const [, registryId = '', repositoryName = '', resource = '', reference = ''] = named ?? []
  const kind = /^\/v2\/?$/.test(path) ? 'version' : resource
  const isKnown = kind !== 'tags' || reference === 'list'
  return {
    operation: isKnown ? operationOf(`${method} ${kind}`) : 'Unknown',
    registryId,
    repositoryName,
    reference,
    query: new URLSearchParams(query),
  }
}

const operationOf = (route: string): ReadOperation | 'Unknown' =>
  Object.entries(operations).find(([key]) => key === route)?.[1] ?? 'Unknown'

/** What the log keeps of it. */
export function targetMembers(target: Target): Partial<CallRecord> {
  const { operation, repositoryName, reference } = target
  if (repositoryName === '') return {}
  if (operation === 'Unknown' || operation === 'ListTags') return { repositoryName }
  const isManifest = operation === 'GetManifest' || operation === 'HeadManifest'
  return { repositoryName, ...(isManifest ? { reference } : { digest: reference }) }
}
