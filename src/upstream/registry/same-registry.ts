import { type Destination, isAccountId, registryName } from '../../registry/destination.ts'
import { identityOf } from '../identity.ts'
import type { KnownRegistry } from './known-registries.ts'

/** `unknown`: neither identity is told of the registry that its destination names. */
export type Sameness = 'same' | 'different' | 'unknown'

/**
 * Whether two names of agents would be one repository, should the two destinations be one registry. Two ids are two registries; that one
 * name has one prefix the policy sees to.
 */
export function mayClash(one: Destination, other: Destination): boolean {
  const [name, otherName] = [registryName(one), registryName(other)]
  if (one.stripPrefix === other.stripPrefix || name === otherName) return false
  return [name, otherName].some((each) => each === undefined || !isAccountId(each))
}

/**
 * Whether two destinations are one registry. A registry is told of with all of its names: what is not called by one of them is another. So
 * the second identity is left alone where the first is told enough.
 *
 * @param ask for the registries that are the own ones of a destination's identity
 */
export async function compareRegistries(
  one: Destination,
  other: Destination,
  ask: (destination: Destination) => Promise<readonly KnownRegistry[]>,
): Promise<Sameness> {
  const first = { destination: one, own: await ask(one) }
  const isTold = ownRegistryOf(first) !== undefined && registryName(other) !== undefined
  const isEnough = isTold || identityOf(one) === identityOf(other)
  const second = { destination: other, own: isEnough ? first.own : await ask(other) }
  const registry = ownRegistryOf(first) ?? ownRegistryOf(second)
  if (!registry) return 'unknown'
  return isCalled(registry, first) && isCalled(registry, second) ? 'same' : 'different'
}

/** What is wrong with two destinations that must not be one registry, for whoever writes the policy. */
export function clashDetail(
  one: Destination,
  other: Destination,
  sameness: Exclude<Sameness, 'different'>,
): string {
  const names = `${one.name} and ${other.name}`
  const fact =
    sameness === 'same'
      ? `The destinations ${names} are one registry under two names`
      : `Whether the destinations ${names} are one registry cannot be found out`
  return `${fact}, so they need the same "stripPrefix": otherwise a grant for one could be a grant for the other.`
}

/** A destination, and what its identity is told of its own registries. */
interface Sighting {
  readonly destination: Destination
  readonly own: readonly KnownRegistry[]
}

function ownRegistryOf(sighting: Sighting): KnownRegistry | undefined {
  return sighting.own.find((registry) => isCalled(registry, sighting))
}

function isCalled({ id, aliases }: KnownRegistry, { destination, own }: Sighting): boolean {
  const name = registryName(destination)
  if (name === undefined) return own.some((registry) => registry.id === id)
  return name === id || aliases.includes(name)
}
