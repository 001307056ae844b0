import type { ForwardEnded, ManifestEnded, UpstreamCalled } from '../registry/events.ts'
import { createNewest } from './newest.ts'

/** What the calls to AWS of one layer, or one manifest, came to. */
export interface Tally {
  /** Each attempt counted. */
  readonly upstreamCalls: number
  /** Of the layer, as far as AWS took them. */
  readonly sentBytes: number
  /** AWS's id of the last attempt of each operation: a layer of a thousand parts has four of them. */
  readonly upstreamRequestIds: Readonly<Record<string, string>>
}

/** Sums up calls until the flight ends that they are part of. */
export interface UpstreamTally {
  add(call: UpstreamCalled): void
  ofForward(event: ForwardEnded): Tally
  /** Of its `PutImage` alone: what a manifest waits for has lines of its own. */
  ofManifest(event: ManifestEnded): Pick<Tally, 'upstreamRequestIds'>
}

const noCalls: Tally = { upstreamCalls: 0, sentBytes: 0, upstreamRequestIds: {} }
/** Far more than there are at once; whatever never ends is pushed out. */
const maxTallies = 1_000

export function createUpstreamTally(): UpstreamTally {
  const tallies = createNewest<Tally>(maxTallies)

  return {
    add(call) {
      const name = flightOf(call)
      if (name === undefined) return
      const { operation, upstreamRequestId, sentLayerBytes } = call
      const { upstreamCalls, sentBytes, upstreamRequestIds } = tallies.get(name) ?? noCalls
      tallies.set(name, {
        upstreamCalls: upstreamCalls + 1,
        sentBytes: sentBytes + sentLayerBytes,
        upstreamRequestIds: {
          ...upstreamRequestIds,
          ...(upstreamRequestId !== undefined && { [operation]: upstreamRequestId }),
        },
      })
    },

    ofForward: ({ flightId }) => tallies.take(flightId) ?? noCalls,

    ofManifest({ requestId, digest }) {
      const { upstreamRequestIds } = tallies.take(manifestName(requestId, digest)) ?? noCalls
      return { upstreamRequestIds }
    },
  }
}

function flightOf({ flightId, requestId, digest }: UpstreamCalled): string | undefined {
  if (flightId !== undefined) return flightId
  return requestId === undefined || digest === undefined
    ? undefined
    : manifestName(requestId, digest)
}

/** No digest has a space in it. */
function manifestName(requestId: string, digest: string): string {
  return `${digest} ${requestId}`
}
