import { type Setting, type SettingWithDefault, settings } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Config {
  readonly http: {
    readonly host: string
    readonly port: number
    readonly adminPort: number | undefined
  }
  readonly upstream: {
    readonly kind: 'aws' | 'sandbox'
    readonly endpoint: URL | undefined
    readonly registryId: string | undefined
  }
  readonly storage: {
    readonly dataDir: string
    readonly spoolMaxBytes: number | undefined
    readonly memoryMaxBytes: number
  }
  readonly ingest: {
    readonly maxLayerBytes: number
    readonly maxUploads: number
    readonly queueWaitMs: number
    readonly idleTimeoutMs: number
  }
  readonly drainMs: number
  readonly logLevel: string
}

/** Everything that is wrong with the configuration, one sentence each. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const sandboxEndpoint = 'http://127.0.0.1:8081'

/** @throws ConfigError naming all problems at once */
export function loadConfig(env: Environment): Config {
  const problems = unknownNames(env)

  function parse<T>({ name, parse: parseText }: Setting<T>): T | undefined {
    const text = env[name]
    if (text === undefined || text === '') return undefined
    try {
      return parseText(text)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      problems.push(`${name} ${why}, but is ${JSON.stringify(text)}.`)
      return undefined
    }
  }
  function orDefault<T>(setting: SettingWithDefault<T>): T {
    return parse(setting) ?? setting.parse(setting.fallback)
  }

  const kind = parse(settings.upstream)
  const endpoint = parse(settings.upstreamEndpoint)
  const isAuthDisabled = orDefault(settings.insecureNoAuth)
  if (!env[settings.upstream.name]) {
    problems.push(`${settings.upstream.name} must be set to aws or sandbox.`)
  }
  if (kind === 'aws' && !isAuthDisabled) {
    problems.push(
      `${settings.upstream.name}=aws needs ${settings.insecureNoAuth.name}=true: nobody would be asked who they are.`,
    )
  }
  problems.push(...endpointProblems(kind, endpoint))

  const config: Config = {
    http: {
      host: orDefault(settings.host),
      port: orDefault(settings.port),
      adminPort: parse(settings.adminPort),
    },
    upstream: {
      kind: kind ?? 'sandbox',
      endpoint: endpoint ?? (kind === 'sandbox' ? new URL(sandboxEndpoint) : undefined),
      registryId: parse(settings.registryId),
    },
    storage: {
      dataDir: orDefault(settings.dataDir),
      spoolMaxBytes: parse(settings.spoolMax),
      memoryMaxBytes: orDefault(settings.memoryMax),
    },
    ingest: {
      maxLayerBytes: orDefault(settings.maxLayer),
      maxUploads: orDefault(settings.maxUploads),
      queueWaitMs: orDefault(settings.queueWait),
      idleTimeoutMs: orDefault(settings.uploadIdle),
    },
    drainMs: orDefault(settings.drain),
    logLevel: orDefault(settings.logLevel),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

function unknownNames(env: Environment): string[] {
  const known = new Set(Object.values(settings).map(({ name }) => name))
  return Object.keys(env)
    .filter((name) => name.startsWith('LAYERGATE_') && !known.has(name))
    .map((name) => `${name} is not a setting of this version.`)
}

function endpointProblems(kind: string | undefined, endpoint: URL | undefined): string[] {
  if (!endpoint) return []
  if (kind === 'sandbox' && isAwsHost(endpoint.hostname)) {
    return [`${settings.upstream.name}=sandbox must not have an endpoint of AWS.`]
  }
  if (kind === 'aws' && endpoint.protocol !== 'https:' && !isLoopback(endpoint.hostname)) {
    return [`${settings.upstreamEndpoint.name} must be https, but for a loopback address.`]
  }
  return []
}

/** The suffixes in the AWS SDK's table of public partitions; `api.aws` and its like are within `aws`. */
function isAwsHost(hostname: string): boolean {
  return /(^|\.)(amazon(aws|webservices)\.(com(\.cn)?|eu)|aws)\.?$/.test(hostname)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}
