import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Access, openAccess } from './access/access.ts'
import { createAuthenticate } from './access/credentials/authenticate.ts'
import { createCheckToken } from './access/credentials/check-token.ts'
import { createDelays } from './access/credentials/delays.ts'
import { createIssuers } from './access/credentials/issuers.ts'
import { createOwnTokens } from './access/credentials/own-tokens.ts'
import { loadTokenKey } from './access/credentials/token-key.ts'
import { createPolicyAccess } from './access/policy-access.ts'
import { parsePolicy } from './access/policy/parse-policy.ts'
import { PolicyError } from './access/policy/policy-error.ts'
import { createPolicyFile } from './access/policy/policy-file.ts'
import { createOpenTrade, createTrade, type Trade } from './access/trade.ts'
import type { Config } from './config/config.ts'
import { type Destination, registryKey } from './registry/destination.ts'
import type { Observer } from './registry/events.ts'
import { sleep } from './upstream/sleep.ts'

/** Who may do what, and where that goes. */
export interface AccessParts {
  readonly access: Access
  readonly trade: Trade
  /** Those that are configured now. */
  destinations(): readonly Destination[]
  /**
   * Where what was accepted for `registry` goes: by the destination that takes the repository there, or by another one of that place, which
   * then creates nothing.
   */
  destinationOf(registry: string, repository?: string): Destination | undefined
  /** The name of the one that takes a repository, as agents write it. */
  destinationNameOf(repository: string): string
  /** Whether an older policy is in force than the file has. */
  isPolicyOutdated(): boolean
  /** Reads the policy file, whatever the time. */
  reload(): Promise<void>
  start(): void
  stop(): Promise<void>
}

export interface AccessPorts {
  readonly observer: Observer
  readonly logger: Logger
  readonly now: () => Date
  /** Aborts when what is under way must end. */
  readonly shutdown: AbortSignal
}

/** Whoever was slowed down has left, or the service stops: that is no failure. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, signal).catch(() => {})
}

/** Without a policy there is one destination, and everybody may push everything to it. */
export function openParts(
  { upstream: { kind, registryId } }: Config,
  access?: (destination: Destination) => Access,
): AccessParts {
  const place = registryId === undefined ? {} : { registryId }
  const destination = { name: 'default', registry: registryKey(kind, place), ...place }
  return {
    access: access?.(destination) ?? openAccess(destination),
    trade: createOpenTrade(),
    destinations: () => [destination],
    destinationOf: (registry) => (registry === destination.registry ? destination : undefined),
    destinationNameOf: () => destination.name,
    isPolicyOutdated: () => false,
    reload: () => Promise.resolve(),
    start() {},
    stop: () => Promise.resolve(),
  }
}

/**
 * As the policy file has it.
 *
 * @throws PolicyError, also where the file cannot be read; Error where the key of our tokens can be neither read nor written
 */
export async function policyParts(
  { access: { loginTtlMs }, storage, upstream }: Config,
  policyFile: string,
  { observer, logger, now, shutdown }: AccessPorts,
): Promise<AccessParts> {
  const { kind, registryId } = upstream
  const defaults = { kind, ...(registryId !== undefined && { registryId }) }
  const file = createPolicyFile({
    path: policyFile,
    parse: (text) => parsePolicy(text, defaults),
    observer,
  })
  await file.load().catch((error: unknown) => {
    throw error instanceof Error && error.constructor === Error
      ? new PolicyError([error.message])
      : error
  })
  const policy = file.current
  const key = await loadTokenKey(join(storage.dataDir, 'token.key'))
  const ownTokens = createOwnTokens({ key, loginTtlMs, now })
  const issuers = createIssuers({
    policy,
    now,
    onFailure: (issuer, error) =>
      logger.warn({ issuer, err: error }, 'the keys of an issuer could not be had'),
  })
  const delays = createDelays({ now, pause, shutdown })
  const checkPorts = { policy, ownTokens, issuers, delays }
  const checkToken = createCheckToken(checkPorts)
  return {
    access: createPolicyAccess({ policy, authenticate: createAuthenticate(checkPorts) }),
    trade: createTrade({ policy, checkToken, ownTokens, observer }),
    destinations: () => policy().destinations,
    destinationOf(registry, repository) {
      const there = policy().destinations.filter((one) => one.registry === registry)
      const [first] = there
      if (repository === undefined) return first
      const taking = there.find(({ takes }) => takes(repository))
      return taking ?? (first && { ...first, createRepositories: false })
    },
    // What was accepted once may be taken by none any more.
    destinationNameOf: (repository) =>
      policy().destinations.find(({ takes }) => takes(repository))?.name ?? 'none',
    isPolicyOutdated: () => file.problems().length > 0,
    reload: file.reload,
    start: file.start,
    stop: file.stop,
  }
}
