import { isLoopbackHost } from '../registry/loopback.ts'
import { settings } from './settings.ts'

export type UpstreamKind = 'aws' | 'sandbox'

export interface Endpoints {
  /** Of the JSON API; AWS's own when undefined. */
  readonly endpoint: URL | undefined
  /** Of the registry that is read. */
  readonly registryEndpoint: URL
}

const sandboxOrigin = 'http://127.0.0.1:8081'
const publicRegistry = 'https://public.ecr.aws'

/** Both endpoints where neither, or only one, is configured. The sandbox is API and registry in one. */
export function resolveEndpoints(
  kind: UpstreamKind,
  endpoint: URL | undefined,
  registryEndpoint: URL | undefined,
): Endpoints {
  if (kind === 'aws') {
    return { endpoint, registryEndpoint: registryEndpoint ?? new URL(publicRegistry) }
  }
  const sandbox = endpoint ?? new URL(sandboxOrigin)
  return { endpoint: sandbox, registryEndpoint: registryEndpoint ?? sandbox }
}

/** Why layers or tokens must not go there: one sentence each. */
export function endpointProblems(
  kind: UpstreamKind | undefined,
  name: string,
  endpoint: URL | undefined,
): readonly string[] {
  if (!endpoint) return []
  if (kind === 'sandbox' && isAwsHost(endpoint.hostname)) {
    return [`${name} must not be of AWS, because ${settings.upstream.name}=sandbox.`]
  }
  if (kind === 'aws' && endpoint.protocol !== 'https:' && !isLoopbackHost(endpoint.hostname)) {
    return [`${name} must be https, but for a loopback address.`]
  }
  return []
}

/** The suffixes in the AWS SDK's table of public partitions; `api.aws` and its like are within `aws`. */
function isAwsHost(hostname: string): boolean {
  return /(^|\.)(amazon(aws|webservices)\.(com(\.cn)?|eu)|aws)\.?$/.test(hostname)
}
