import { randomUUID } from 'node:crypto'
import { LayergateError } from '../../registry/errors.ts'
import type { Manifest } from '../../registry/manifest.ts'
import type { Tag } from '../../registry/reference.ts'
import type { RepositoryName } from '../../registry/repository-name.ts'
import type { Target } from '../acceptance.ts'
import { type Audience, createAudience } from './audience.ts'
import { createFlightRegister, type RegisteredFlight } from './flight-register.ts'
import type { ManifestFlightSettings } from './manifest-flight.ts'
import { type FlightEnd, flyReported, type ReportedFlightPorts } from './reported-flight.ts'
import { createTagLanes } from './tag-lanes.ts'
import { createWriteOnceTags, type WriteOncePorts } from './write-once.ts'

export interface ManifestPutPorts
  extends Omit<ReportedFlightPorts, 'writeOnce'>,
    Pick<WriteOncePorts, 'manifestOf'> {}

export interface ManifestPut {
  readonly target: Target
  readonly manifest: Manifest
  /** None: the manifest is put by its digest alone. */
  readonly tags: readonly Tag[]
  readonly requestId: string
  /** Whether the agent may read there: layers of such repositories may stand in for missing ones. */
  readonly canPull: (repository: RepositoryName) => boolean
  /** What an earlier answer `pending` of this same put said. */
  readonly continues?: string
  /** After `pending` its client is to repeat the put as it is, and not to say what it continues. */
  readonly isToRepeat?: boolean
}

export type ManifestAnswer =
  | { readonly state: 'published' }
  | { readonly state: 'pending'; readonly id: string }

/** The way of manifests to the upstream: each waits for its layers, then moves its tags in the order of arrival. */
export interface ManifestPuts {
  /**
   * Calls arrive in the order in which they are made. After `waitMs` the answer is `pending`: then the put goes on for a grace in
   * which its client is expected back. A put that nobody waits for any more moves no tag.
   *
   * @throws LayergateError as `flyManifest`; `shutting_down`
   * @throws the reason of `signal`
   */
  put(put: ManifestPut, waitMs: number, signal: AbortSignal): Promise<ManifestAnswer>
  /** Ends all puts. Layers that are owed stay owed. */
  stop(): Promise<void>
}

export interface ManifestPutSettings extends ManifestFlightSettings {
  /** How long a client that was answered `pending` is expected back. */
  readonly graceMs: number
}

/** One of those on whose behalf a manifest flies. */
interface Member {
  readonly agent: string
  readonly isToRepeat: boolean
  readonly canPull: ManifestPut['canPull']
}

interface Flight extends RegisteredFlight {
  readonly audience: Audience<FlightEnd, Member>
  readonly end: Promise<FlightEnd>
  readonly abort: AbortController
}

export function createManifestPuts(
  outside: ManifestPutPorts,
  settings: ManifestPutSettings,
): ManifestPuts {
  const ports: ReportedFlightPorts = { ...outside, writeOnce: createWriteOnceTags(outside) }
  const lanes = createTagLanes()
  const register = createFlightRegister<Flight>()
  const underWay = new Set<Flight>()
  let isStopping = false

  function flightFor(put: ManifestPut): Flight {
    const { agent } = put.target
    const arriving = { ...put, identity: identityOf(put), agent }
    const continued = register.continued(arriving)
    const isRepeat = put.continues === undefined
    continued?.audience.welcomeBack(
      (member) => member.agent === agent && member.isToRepeat === isRepeat,
    )
    return continued ?? register.joinable(arriving) ?? depart(put)
  }

  function depart(put: ManifestPut): Flight {
    const { target, manifest, tags, requestId } = put
    const abort = new AbortController()
    const place = lanes.arrive(target, tags, manifest.digest)
    const canPull = (repository: RepositoryName) =>
      flight.audience.members.some((member) => member.canPull(repository))
    const arrivedAtMs = ports.now().getTime()
    const journey = { target, manifest, tags, place, arrivedAtMs, canPull, requestId }
    const end = flyReported(ports, settings, journey, abort.signal)
    void end.then(land)
    const flight: Flight = {
      id: randomUUID(),
      identity: identityOf(put),
      get agents() {
        return new Set(flight.audience.members.map(({ agent }) => agent))
      },
      expectsRepeat: (agent) =>
        flight.audience.isExpected((member) => member.agent === agent && member.isToRepeat),
      get isNewest() {
        return place.isNewest
      },
      audience: createAudience(end, settings.graceMs, abandon),
      end,
      abort,
    }
    register.add(flight)
    underWay.add(flight)
    return flight

    function land(): void {
      place.leave()
      register.end(flight)
      underWay.delete(flight)
    }

    function abandon(): void {
      register.remove(flight)
      abort.abort(new LayergateError('client_aborted', 'Nobody waits for this manifest any more.'))
    }
  }

  return {
    async put(put, waitMs, signal) {
      signal.throwIfAborted()
      if (isStopping) throw shuttingDown()
      const flight = flightFor({ ...put, tags: [...new Set(put.tags)] })
      const { canPull, isToRepeat = false } = put
      const member = { agent: put.target.agent, canPull, isToRepeat }
      const end = await flight.audience.wait(member, waitMs, signal)
      if (end === 'pending') return { state: 'pending', id: flight.id }
      if (end.error) throw end.error
      return { state: 'published' }
    },

    async stop() {
      isStopping = true
      const flights = [...underWay]
      for (const { abort } of flights) abort.abort(shuttingDown())
      await Promise.all(flights.map(({ end }) => end))
    },
  }
}

function identityOf({ target, manifest, tags }: ManifestPut): string {
  const { destination, repository } = target
  const { digest, mediaType } = manifest
  return JSON.stringify([destination.registry, repository, digest, mediaType, tags.toSorted()])
}

function shuttingDown(): LayergateError {
  return new LayergateError('shutting_down', 'The manifest was not put under its tags any more.')
}
