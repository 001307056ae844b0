import type { Upstream } from '../../../../src/publish/upstream.ts'
import { UpstreamError } from '../../../../src/publish/upstream-error.ts'
import type { Around, Ports } from '../../../../src/wiring-parts.ts'
import type { Ledger } from './ledger.ts'

type Wrap = { readonly [K in keyof Ports]?: (port: Ports[K]) => Ports[K] }

/** The ports of one service, from the outside. */
export interface WatchedPorts {
  readonly around: Around
  forwards(): Ports['forwards']
}

type Seen = Pick<Ledger, 'started' | 'doubted'>

/** Notes which layers the upstream is asked to start, and which it calls by another digest. */
export function watchPorts(seen: Seen): WatchedPorts {
  let forwards: Ports['forwards'] | undefined
  const wraps: Wrap = {
    forwards(port) {
      forwards = port
      return port
    },
    upstream: (port) => watchUpstream(port, seen),
  }
  return {
    around: (name, port) => wraps[name]?.(port) ?? port,
    forwards() {
      if (!forwards) throw new Error('The service has not been put together yet.')
      return forwards
    },
  }
}

function watchUpstream(port: Upstream, { started, doubted }: Seen): Upstream {
  return {
    ...port,
    start(call, layer) {
      started.push({ repository: call.repository, digest: layer.digest })
      return port.start(call, layer)
    },
    async complete(call, upload, layer) {
      try {
        await port.complete(call, upload, layer)
      } catch (error) {
        const isOther = error instanceof UpstreamError && error.failure === 'invalid_layer'
        if (isOther) doubted.push({ repository: call.repository, digest: layer.digest })
        throw error
      }
    },
  }
}
