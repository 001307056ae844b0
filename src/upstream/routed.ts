import type { Call, Upstream } from '../publish/upstream.ts'
import type { Catalog } from '../reads/catalog.ts'
import { upstreamRepository } from '../registry/destination.ts'

/** Below this the repository of a call has the name that the registry knows it by. */
function placed(call: Call): Call {
  const repository = upstreamRepository(call.destination, call.repository)
  if (repository === call.repository) return call
  return { ...call, repository, agentRepository: call.repository }
}

/** Each call goes to the upstream of its destination. Throws, beside what that does, as `to` and `upstreamRepository`. */
export function routedUpstream(to: (call: Call) => Promise<Upstream>): Upstream {
  return {
    absent: async (call, digests) => (await to(call)).absent(placed(call), digests),
    start: async (call, layer) => (await to(call)).start(placed(call), layer),
    sendPart: async (call, upload, layer, range) =>
      (await to(call)).sendPart(placed(call), upload, layer, range),
    complete: async (call, upload, layer) => (await to(call)).complete(placed(call), upload, layer),
    putManifest: async (call, manifest, tag) =>
      (await to(call)).putManifest(placed(call), manifest, tag),
    createRepository: async (call) => (await to(call)).createRepository(placed(call)),
  }
}

/** Each call goes to the catalog of its destination. Throws, beside what that does, as `to` and `upstreamRepository`. */
export function routedCatalog(to: (call: Call) => Promise<Catalog>): Catalog {
  return {
    manifest: async (call, reference) => (await to(call)).manifest(placed(call), reference),
    manifestHead: async (call, reference) => (await to(call)).manifestHead(placed(call), reference),
    tags: async (call) => (await to(call)).tags(placed(call)),
    referrers: async (call, subject) => (await to(call)).referrers(placed(call), subject),
    layerSizeBytes: async (call, digest) => (await to(call)).layerSizeBytes(placed(call), digest),
    blob: async (call, digest) => (await to(call)).blob(placed(call), digest),
  }
}
