import type { Call, Upstream } from '../publish/upstream.ts'
import type { Catalog } from '../reads/catalog.ts'
import { type Destination, upstreamRepository } from '../registry/destination.ts'

/** Below this the repository of a call has the name that the registry knows it by. */
function placed(call: Call): Call {
  return { ...call, repository: upstreamRepository(call.destination, call.repository) }
}

/** Each call goes to the upstream of its destination. Throws, beside what that does, as `upstreamRepository`. */
export function routedUpstream(to: (destination: Destination) => Upstream): Upstream {
  return {
    absent: async (call, digests) => to(call.destination).absent(placed(call), digests),
    start: async (call, layer) => to(call.destination).start(placed(call), layer),
    sendPart: async (call, upload, layer, range) =>
      to(call.destination).sendPart(placed(call), upload, layer, range),
    complete: async (call, upload, layer) =>
      to(call.destination).complete(placed(call), upload, layer),
    putManifest: async (call, manifest, tag) =>
      to(call.destination).putManifest(placed(call), manifest, tag),
    createRepository: async (call) => to(call.destination).createRepository(placed(call)),
  }
}

/** Each call goes to the catalog of its destination. Throws, beside what that does, as `upstreamRepository`. */
export function routedCatalog(to: (destination: Destination) => Catalog): Catalog {
  return {
    manifest: async (call, reference) => to(call.destination).manifest(placed(call), reference),
    manifestHead: async (call, reference) =>
      to(call.destination).manifestHead(placed(call), reference),
    tags: async (call) => to(call.destination).tags(placed(call)),
    referrers: async (call, subject) => to(call.destination).referrers(placed(call), subject),
    layerSizeBytes: async (call, digest) =>
      to(call.destination).layerSizeBytes(placed(call), digest),
    blob: async (call, digest) => to(call.destination).blob(placed(call), digest),
  }
}
