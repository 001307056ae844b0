import {
  endpointProblems,
  type Endpoints,
  resolveEndpoints,
  type UpstreamKind,
} from './endpoints.ts'
import { type RateName, rates } from './rates.ts'
import { type Setting, type SettingWithDefault, settings, type TracesSampler } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Config {
  readonly http: {
    readonly host: string
    readonly port: number
    readonly adminPort: number | undefined
    readonly hasStatusPage: boolean
    /** Our own address as agents know it. */
    readonly publicUrl: URL | undefined
    /** Addresses and networks of proxies whose forwarded headers count. */
    readonly trustedProxies: readonly string[]
    readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  }
  readonly access: {
    /** Everybody may do everything where there is none. */
    readonly policyFile: string | undefined
    /** Of a refresh token. */
    readonly loginTtlMs: number
    /** Standard output when undefined. */
    readonly auditFile: string | undefined
  }
  readonly upstream: Endpoints & {
    readonly kind: UpstreamKind
    readonly registryId: string | undefined
    /** Above 0, 1 at most: how much of each rate is ours. */
    readonly quotaShare: number
    /** Where they are not those of a new account. */
    readonly ratesPerSecond: Readonly<Partial<Record<RateName, number>>>
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
    /** Of a session that is not finished. */
    readonly uploadTtlMs: number
  }
  readonly publish: {
    /** How long a manifest waits for its layers. */
    readonly manifestWaitMs: number
    /** How far the spool may run ahead of the upstream, in time to drain. */
    readonly aheadMs: number
    /** How long an owed forward is tried before it is parked for good. */
    readonly forwardTtlMs: number
  }
  readonly inspect: {
    readonly mode: 'enforce' | 'report' | 'off'
    readonly overLimit: 'pass' | 'refuse'
    readonly maxRatio: number
    readonly maxInflatedBytes: number
    readonly maxEntries: number
  }
  readonly drainMs: number
  readonly logLevel: string
  /** None when undefined. */
  readonly traces:
    | {
        readonly endpoint: URL
        readonly sampler: TracesSampler
        /** Above 0, 1 at most. */
        readonly sampledShare: number
      }
    | undefined
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
  const registryEndpoint = parse(settings.registryEndpoint)
  const isAuthDisabled = orDefault(settings.insecureNoAuth)
  if (!env[settings.upstream.name]) {
    problems.push(`${settings.upstream.name} must be set to aws or sandbox.`)
  }
  const policyFile = parse(settings.policy)
  if (kind === 'aws' && policyFile === undefined && !isAuthDisabled) {
    problems.push(
      `${settings.upstream.name}=aws needs ${settings.policy.name}, or ${settings.insecureNoAuth.name}=true: nobody would be asked who they are.`,
    )
  }
  const certFile = parse(settings.tlsCert)
  const keyFile = parse(settings.tlsKey)
  if ((certFile === undefined) !== (keyFile === undefined)) {
    problems.push(`${settings.tlsCert.name} and ${settings.tlsKey.name} must be set together.`)
  }
  problems.push(
    ...endpointProblems(kind, settings.upstreamEndpoint.name, endpoint),
    ...endpointProblems(kind, settings.registryEndpoint.name, registryEndpoint),
  )

  const otlpEndpoint = parse(settings.otlpEndpoint)

  const config: Config = {
    http: {
      host: orDefault(settings.host),
      port: orDefault(settings.port),
      adminPort: parse(settings.adminPort),
      hasStatusPage: orDefault(settings.statusPage),
      publicUrl: parse(settings.publicUrl),
      trustedProxies: parse(settings.trustedProxies) ?? [],
      tls: certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined,
    },
    access: {
      policyFile,
      loginTtlMs: orDefault(settings.loginTtl),
      auditFile: parse(settings.auditFile),
    },
    upstream: {
      kind: kind ?? 'sandbox',
      ...resolveEndpoints(kind ?? 'sandbox', endpoint, registryEndpoint),
      registryId: parse(settings.registryId),
      quotaShare: orDefault(settings.quotaShare),
      ratesPerSecond: ratesPerSecond(parse),
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
      uploadTtlMs: orDefault(settings.uploadTtl),
    },
    publish: {
      manifestWaitMs: orDefault(settings.manifestWait),
      aheadMs: orDefault(settings.ahead),
      forwardTtlMs: orDefault(settings.forwardTtl),
    },
    inspect: {
      mode: orDefault(settings.inspect),
      overLimit: orDefault(settings.inspectOverLimit),
      maxRatio: orDefault(settings.inspectMaxRatio),
      maxInflatedBytes: orDefault(settings.inspectMaxBytes),
      maxEntries: orDefault(settings.inspectMaxEntries),
    },
    drainMs: orDefault(settings.drain),
    logLevel: orDefault(settings.logLevel),
    traces: otlpEndpoint && {
      endpoint: otlpEndpoint,
      sampler: orDefault(settings.tracesSampler),
      sampledShare: orDefault(settings.tracesSamplerArg),
    },
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

function ratesPerSecond(
  parse: (setting: Setting<number>) => number | undefined,
): Partial<Record<RateName, number>> {
  return Object.fromEntries(
    Object.entries(rates).flatMap(([name, setting]) => {
      const rate = parse(setting)
      return rate === undefined ? [] : [[name, rate]]
    }),
  )
}

function unknownNames(env: Environment): string[] {
  const known = new Set(Object.values(settings).map(({ name }) => name))
  return Object.keys(env)
    .filter((name) => name.startsWith('LAYERGATE_') && !known.has(name))
    .map((name) => `${name} is not a setting of this version.`)
}
