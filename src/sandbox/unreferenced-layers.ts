import type { Journal } from './journal.ts'
import { parseManifest } from './manifest.ts'
import type { Repository } from './state.ts'

/** Removes the repository's layers that no image of it names and that were stored until `untilMs`. */
export function dropUnreferencedLayers(
  { record }: Journal,
  { name, layers, images }: Repository,
  untilMs = Infinity,
): void {
  const old = [...layers.values()].filter(({ storedAtMs }) => storedAtMs <= untilMs)
  const manifests = [...images.values()].map((image) =>
    parseManifest(image.manifest, image.mediaType),
  )
  const named = new Set(manifests.flatMap((manifest) => manifest.layers))
  for (const { digest } of old) {
    if (!named.has(digest)) record({ event: 'layer-removed', repository: name, digest })
  }
}
