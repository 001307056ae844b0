import type { LayerFindings } from '../../layers/layer-findings.ts'
import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import type { Descriptor, Image, Manifest } from '../../registry/manifest.ts'
import { isNonDistributable } from '../../registry/media-type.ts'
import type { Target } from '../acceptance.ts'
import type { Forward, ForwardJournal } from '../forward-journal.ts'
import { type CanPull, knownForwards, orIn } from '../known-layer.ts'
import { configFault, diffIdAt, readDiffIds } from './config-fault.ts'
import { type BlobFault, layerFault, type StoredBlob } from './layer-fault.ts'

/** What is wrong with a blob that the manifest of an image names. */
export interface ImageFault extends BlobFault {
  /** Of the layer, from 0; absent where it is the config. */
  readonly index?: number
  readonly digest: Digest
  /** As it was stored here. */
  readonly sizeBytes: number
}

export interface ImageCheckPorts {
  readonly findings: Pick<LayerFindings, 'of'>
  readonly spool: Pick<Spool, 'open'>
  readonly journal: Pick<ForwardJournal, 'ofLayer'>
}

/** A manifest, and on whose behalf it is put. */
export interface NamedImage {
  readonly target: Target
  readonly manifest: Manifest
  /** Whether the agent may read there: layers of other repositories do not exist for it. */
  readonly canPull: CanPull
}

/**
 * Holds the manifest of an image against what was found in its blobs when they came in. Returns the first fault of each faulty blob:
 * the layers' in their order, then the config's. Layers that the agent may not know of, or that were never looked into, are left
 * alone, and so is what is no image.
 */
export async function checkImage(
  ports: ImageCheckPorts,
  { target, manifest: { image }, canPull }: NamedImage,
): Promise<readonly ImageFault[]> {
  if (!image) return []
  const canRead = orIn(target.repository, canPull)
  const known = await findKnown(ports, digestsOf(image), (forwards) =>
    knownForwards(forwards, target.destination, canRead),
  )
  const config = known.get(image.config.digest)
  // Where it is not known, it takes as long as where there is none.
  const diffIds = config && (await readDiffIds(ports.spool, image.config.digest))

  const faults = new Map<Digest, ImageFault>()
  for (const [index, named] of image.layers.entries()) {
    const { digest } = named
    const stored = isChecked(named) && !faults.has(digest) ? known.get(digest) : undefined
    const fault = stored && layerFault(named, stored, diffIdAt(image, diffIds, index))
    if (fault) faults.set(digest, { index, digest, sizeBytes: stored.sizeBytes, ...fault })
  }
  const fault = config && configFault(image, config, diffIds)
  if (!fault) return [...faults.values()]
  const { digest } = image.config
  return [...faults.values(), { digest, sizeBytes: config.sizeBytes, ...fault }]
}

function isChecked({ mediaType }: Descriptor): boolean {
  return !isNonDistributable(mediaType)
}

/** Each once. */
function digestsOf({ config, layers }: Image): readonly Digest[] {
  return [...new Set([config, ...layers.filter(isChecked)].map(({ digest }) => digest))]
}

/** All are asked about in the same way: how long it takes must not tell of what the agent may not know. */
async function findKnown(
  { findings, journal }: ImageCheckPorts,
  digests: readonly Digest[],
  visible: (forwards: readonly Forward[]) => readonly Forward[],
): Promise<ReadonlyMap<Digest, StoredBlob>> {
  const [found, ...all] = await Promise.all([
    findings.of(digests),
    ...digests.map((digest) => journal.ofLayer(digest)),
  ])
  const known = new Map<Digest, StoredBlob>()
  for (const [index, digest] of digests.entries()) {
    const forwards = visible(all[index] ?? [])
    const [any] = forwards
    if (!any) continue
    const ofIt = found.get(digest)
    const hold = forwards.find(({ state }) => state === 'held')?.error
    known.set(digest, {
      sizeBytes: any.sizeBytes,
      ...(ofIt && { findings: ofIt }),
      ...(hold && { hold }),
    })
  }
  return known
}
