import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { Destination } from '../../registry/destination.ts'
import { parseRepositoryName } from '../../registry/repository-name.ts'
import { createAttempt } from '../attempt.ts'
import { identityOf, type IdentitySettings } from '../identity.ts'
import { knownRegistries, type KnownRegistry } from '../registry/known-registries.ts'
import { createRecentAnswers } from '../registry/recent-answers.ts'
import { clashDetail, compareRegistries, mayClash } from '../registry/same-registry.ts'
import { createIdentityClient, unobserved } from './identity-client.ts'
import type { Finding } from './preflight.ts'

/**
 * Whether destinations that must not be one registry are two: those with two prefixes, of which one is named by something else than its id.
 *
 * @throws the reason of `signal`
 */
export async function* preflightRegistries(
  destinations: readonly Destination[],
  settings: Pick<IdentitySettings, 'kind' | 'endpoint'>,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const own = createRecentAnswers<readonly KnownRegistry[]>(() => performance.now())
  const ask = (destination: Destination) =>
    own.of(identityOf(destination), () => ownRegistries(destination, settings, signal))
  for (const [index, one] of destinations.entries()) {
    for (const other of destinations.slice(index + 1)) {
      if (mayClash(one, other)) yield await findingOf(one, other, ask)
    }
  }
}

async function findingOf(
  one: Destination,
  other: Destination,
  ask: (destination: Destination) => Promise<readonly KnownRegistry[]>,
): Promise<Finding> {
  const needs = [`${one.name} and ${other.name} are two registries`]
  try {
    const sameness = await compareRegistries(one, other, ask)
    if (sameness === 'different') return { needs, state: 'there' }
    const state = sameness === 'same' ? 'missing' : 'unknown'
    return { needs, state, detail: clashDetail(one, other, sameness) }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    return { needs, state: 'unknown', detail: error.message }
  }
}

async function ownRegistries(
  destination: Destination,
  settings: Pick<IdentitySettings, 'kind' | 'endpoint'>,
  signal: AbortSignal,
): Promise<readonly KnownRegistry[]> {
  const { client, retry } = createIdentityClient(destination, settings)
  try {
    const attempt = createAttempt(client, unobserved, () => performance.now())
    // No repository is asked about.
    const repository = parseRepositoryName('layergate-check')
    const call: Call = { destination, agent: 'check', repository, signal }
    return await retry(call, () => knownRegistries(attempt, call))
  } finally {
    client.destroy()
  }
}
