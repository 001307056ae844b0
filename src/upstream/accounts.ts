import type { Call, Upstream } from '../publish/upstream.ts'
import type { Catalog } from '../reads/catalog.ts'
import type { Destination } from '../registry/destination.ts'
import {
  createAccountLimiter,
  createEcrStack,
  createPartBodies,
  type EcrStack,
  type EcrStackSettings,
  layersPerSecond,
} from './ecr-stack.ts'
import { accountOf, credentialsOf, identityOf, ownAccount } from './identity.ts'
import type { LaneUse, Limiter } from './limiter/limiter.ts'
import { type Clash, createRegistryWalls } from './registry/registry-walls.ts'
import { routedCatalog, routedUpstream } from './routed.ts'

/** `memoryBytes` is for all accounts together; `around` stands around the upstreams of each identity. */
export interface AccountsSettings extends Omit<EcrStackSettings, 'credentials'> {
  /** `sandbox` needs an endpoint, and never uses credentials of AWS. */
  readonly kind: 'aws' | 'sandbox'
  /** Those that are configured now: what is told of accounts is told of them. */
  readonly destinations: () => readonly Destination[]
  /** Told when two of them turn out to be one registry, or may be, and must not. */
  readonly onClash?: (clash: Clash) => void
}

/** What one account is called, and may be. */
export interface AccountUse {
  /** The names of those that lie in it. */
  readonly destinations: readonly string[]
  readonly isPaused: boolean
  readonly lanes: readonly LaneUse[]
}

/** All that layers may be forwarded to, as one upstream. */
export interface Accounts {
  /** Every call is made once; none while its account is paused, but for a probe. */
  readonly unretried: Upstream
  /** The same, with the one retry of calls over it. */
  readonly upstream: Upstream
  /** What the registries have; reads are retried a few times. */
  readonly catalog: Catalog
  /** Whether any account has not answered for a while, and is only probed. */
  isPaused(): boolean
  /** The names of the destinations whose accounts are. */
  pausedDestinations(): readonly string[]
  /** How many layers can be begun and completed in a second, at present, in the accounts that are in use and answer. */
  layersPerSecond(): number
  /** By destination, how many calls of each operation go out in a second at most, at present. Those that share a quota have the same number. */
  quotasPerSecond(): Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Each account once, in the order of the destinations. */
  use(): readonly AccountUse[]
  /** Ends calls that still wait for their turn. */
  close(): void
}

/**
 * One stack for each identity, made when a call first needs it; one limiter for each account, since quotas are those of an account and its
 * region.
 */
export function createAccounts(accountsSettings: AccountsSettings): Accounts {
  const { kind, destinations, onClash = () => undefined, ...settings } = accountsSettings
  const { observer, endpoint } = settings
  const bodies = createPartBodies(settings.memoryBytes)
  const stacks = new Map<string, EcrStack>()
  /** By account. */
  const limiters = new Map<string, Limiter>()
  const inUse = new Set<Limiter>()
  let isClosed = false

  function limiterOf(account: string): Limiter {
    const known = limiters.get(account)
    if (known) return known
    const limiter = createAccountLimiter(settings)
    if (isClosed) limiter.close()
    limiters.set(account, limiter)
    return limiter
  }

  function stackOf(destination: Destination): EcrStack {
    const identity = identityOf(destination)
    const known = stacks.get(identity)
    if (known) return known
    const limiter = limiterOf(accountOf(destination))
    const credentials = credentialsOf(destination, {
      kind,
      ...(endpoint && { endpoint }),
      onRenewal: (name, outcome) =>
        observer.observe({ type: 'credentials_refreshed', destination: name, outcome }),
    })
    const stack = createEcrStack(
      { ...settings, ...(credentials && { credentials }) },
      { bodies, limiter },
    )
    stacks.set(identity, stack)
    return stack
  }

  const walls = createRegistryWalls({
    destinations,
    registries: (call) => stackOf(call.destination).registries(call),
    onClash,
    now: () => performance.now(),
  })

  async function stackFor(call: Call): Promise<EcrStack> {
    await walls.check(call)
    inUse.add(limiterOf(accountOf(call.destination)))
    return stackOf(call.destination)
  }

  return {
    unretried: routedUpstream(async (call) => (await stackFor(call)).unretried),
    upstream: routedUpstream(async (call) => (await stackFor(call)).upstream),
    catalog: routedCatalog(async (call) => (await stackFor(call)).catalog),

    isPaused: () => [...limiters.values()].some((limiter) => limiter.isPaused()),
    pausedDestinations: () =>
      destinations()
        .filter((destination) => limiterOf(accountOf(destination)).isPaused())
        .map(({ name }) => name),

    layersPerSecond() {
      const answering = [...inUse].filter((limiter) => !limiter.isPaused())
      const counted = answering.length > 0 ? answering : [limiterOf(ownAccount)]
      return counted.reduce((sum, limiter) => sum + layersPerSecond(limiter), 0)
    },

    quotasPerSecond: () =>
      Object.fromEntries(
        destinations().map((destination) => [
          destination.name,
          limiterOf(accountOf(destination)).quotasPerSecond(),
        ]),
      ),

    use() {
      const accounts = Map.groupBy(destinations(), accountOf)
      return Array.from(accounts, ([account, all]) => {
        const limiter = limiterOf(account)
        const names = all.map(({ name }) => name)
        return { destinations: names, isPaused: limiter.isPaused(), lanes: limiter.use() }
      })
    },

    close() {
      isClosed = true
      for (const limiter of limiters.values()) limiter.close()
      for (const stack of stacks.values()) stack.close()
    },
  }
}
