import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import { parseDiffIds } from '../../registry/image-config.ts'
import type { Image } from '../../registry/manifest.ts'
import { isImageLayer } from '../../registry/media-type.ts'
import { type BlobFault, sizeFault, type StoredBlob } from './layer-fault.ts'
import { readConfig } from './read-config.ts'

/** What the config of an image says of its layers, if anything. */
export type DiffIds = ReturnType<typeof parseDiffIds>

/** From a config that lies here; `undefined` also where it is too large, or does not lie here any more. */
export async function readDiffIds(spool: Pick<Spool, 'open'>, digest: Digest): Promise<DiffIds> {
  const bytes = await readConfig(spool, digest)
  return bytes && parseDiffIds(bytes)
}

/** What the config says of one of the layers; nothing where it does not speak of as many. */
export function diffIdAt({ layers }: Image, diffIds: DiffIds, index: number): string | undefined {
  if (diffIds === undefined || diffIds === 'unreadable') return undefined
  return diffIds.length === layers.length ? diffIds[index] : undefined
}

/** The first thing that is wrong with the config of an image. */
export function configFault(
  image: Image,
  stored: StoredBlob,
  diffIds: DiffIds,
): BlobFault | undefined {
  return sizeFault(image.config, stored) ?? listFault(image, stored, diffIds)
}

/**
 * With other things among the layers the list says nothing: some have a `diff_id` for these, and containerd passes them by when it
 * counts (https://github.com/containerd/containerd/blob/v2.1.0/core/unpack/unpacker.go).
 */
function listFault(
  { layers }: Image,
  { sizeBytes }: StoredBlob,
  diffIds: DiffIds,
): BlobFault | undefined {
  if (!layers.every(({ mediaType }) => isImageLayer(mediaType))) return undefined
  if (diffIds === 'unreadable') {
    return {
      cause: 'wrong_diff_id',
      detail:
        'It cannot be read as the config of an image, whose JSON lists a diff_id for each layer.',
      evidence: { layers: layers.length, configBytes: sizeBytes },
    }
  }
  if (diffIds === undefined || diffIds.length === layers.length) return undefined
  return {
    cause: 'wrong_diff_id',
    detail: `It has diff_ids for ${diffIds.length} layers, but the image has ${layers.length}.`,
    evidence: { layers: layers.length, diffIds: diffIds.length },
  }
}
