import type { TestContext } from 'node:test'
import type { Target } from '../../../src/publish/acceptance.ts'
import type { Manifest } from '../../../src/registry/manifest.ts'
import { parseTag } from '../../../src/registry/reference.ts'
import { manifestWith } from './image-of.ts'
import { type PutOptions, setUpManifests, target } from './setup-manifests.ts'

export const v1 = parseTag('v1')
export const v2 = parseTag('v2')
export const published = { state: 'published' }

export const careful: Target = {
  ...target,
  destination: { ...target.destination, isWriteOnce: (tag) => tag.startsWith('v') },
}
export const otherAgent: Target = { ...careful, agent: 'another' }

/** Puts to a destination whose tags `v…` are written once. */
export function setUpWriteOnce(t: TestContext, options: Parameters<typeof setUpManifests>[1] = {}) {
  const all = setUpManifests(t, options)
  let images = 0

  async function config(json: object) {
    images += 1
    const layer = await all.pushBytes(Buffer.from(JSON.stringify({ ...json, number: images })))
    await all.forward(layer)
    return layer
  }

  return {
    ...all,
    /** An image whose blobs are upstream, and whose config lies here. No two are the same. */
    async image(architecture: string, more: object = {}): Promise<Manifest> {
      return manifestWith(await config({ os: 'linux', architecture, ...more }))
    },
    /** What buildkit puts beside an image. */
    async attestation(): Promise<Manifest> {
      const { digest, sizeBytes } = await config({})
      const statement = { digest, sizeBytes, mediaType: 'application/vnd.in-toto+json' }
      return manifestWith(await config({ os: 'unknown', architecture: 'unknown' }), statement)
    },
    /** Under `v1`. */
    put: (manifest: Manifest, putOptions: PutOptions = {}) =>
      all.put(manifest, { target: careful, tags: [v1], ...putOptions }),
    byDigest: (manifest: Manifest) => all.put(manifest, { target: careful, tags: [] }),
  }
}
