import type { Call } from '../../publish/upstream.ts'
import { type Destination, isAccountId, registryName } from '../../registry/destination.ts'
import { LayergateError } from '../../registry/errors.ts'
import { identityOf } from '../identity.ts'
import { untilAborted } from '../until-aborted.ts'
import type { KnownRegistry } from './known-registries.ts'
import { createRecentAnswers } from './recent-answers.ts'
import { clashDetail, compareRegistries, mayClash } from './same-registry.ts'

/** Between destinations that turn out to be one registry under two names. */
export interface RegistryWalls {
  /**
   * That the destination of a call is no registry in which another destination has another prefix: otherwise a grant for a repository of
   * one would be a grant for a repository of the other. The destination that is named by its id is let through; that by another name is not.
   *
   * @throws LayergateError `destination_unknown` when it is, and when nobody can tell
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  check(call: Call): Promise<void>
}

export interface RegistryWallsPorts {
  /** Those that are configured now. */
  readonly destinations: () => readonly Destination[]
  /** Those that are the own ones of the identity of the call's destination. */
  readonly registries: (call: Call) => Promise<readonly KnownRegistry[]>
  /** Told whenever it was found out. */
  readonly onClash: (clash: Clash) => void
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number
}

/** Why nothing goes to a destination. */
export interface Clash {
  readonly destination: string
  readonly detail: string
}

export function createRegistryWalls(ports: RegistryWallsPorts): RegistryWalls {
  const { destinations, registries, onClash, now } = ports
  const clashes = createRecentAnswers<Clash | undefined>(now)
  /** By identity: many destinations may have one. */
  const own = createRecentAnswers<readonly KnownRegistry[]>(now)

  async function compare(call: Call, rival: Destination): Promise<Clash | undefined> {
    const { destination } = call
    const ask = (asked: Destination) =>
      own.of(identityOf(asked), () => registries({ ...call, destination: asked }))
    const sameness = await compareRegistries(destination, rival, ask)
    if (sameness === 'different') return undefined
    const clash = {
      destination: destination.name,
      detail: clashDetail(destination, rival, sameness),
    }
    onClash(clash)
    return clash
  }

  function clashOf(call: Call, rival: Destination): Promise<Clash | undefined> {
    const pair = JSON.stringify([call.destination, rival].map(namesOf))
    // It is asked for all who wait: whoever was first may leave.
    const forAll = { ...call, signal: new AbortController().signal }
    return clashes.of(pair, () => compare(forAll, rival))
  }

  return {
    async check(call) {
      const name = registryName(call.destination)
      if (name !== undefined && isAccountId(name)) return
      for (const rival of destinations()) {
        if (!mayClash(call.destination, rival)) continue
        const clash = await untilAborted(call.signal, clashOf(call, rival))
        if (clash) throw new LayergateError('destination_unknown', clash.detail)
      }
    },
  }
}

function namesOf(destination: Destination) {
  return [destination.name, identityOf(destination), registryName(destination)]
}
