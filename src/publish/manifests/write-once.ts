import type { Spool } from '../../layers/spool.ts'
import type { Digest } from '../../registry/digest.ts'
import { LayergateError } from '../../registry/errors.ts'
import { type Manifest, parseManifest } from '../../registry/manifest.ts'
import { indexTypes } from '../../registry/media-type.ts'
import type { Tag } from '../../registry/reference.ts'
import type { Target } from '../acceptance.ts'
import type { Call } from '../upstream.ts'
import { platformOf } from './platform-of.ts'
import type { TagVerdict } from './tag-lanes.ts'
import { createYoungTags, type YoungTag } from './young-tags.ts'

/** A manifest as the upstream has it. */
export interface UpstreamManifest {
  readonly mediaType: string
  readonly bytes: Buffer
}

export interface WriteOncePorts {
  readonly spool: Pick<Spool, 'open'>
  /**
   * By its digest, so it may have been remembered.
   *
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  readonly manifestOf: (call: Call, digest: Digest) => Promise<UpstreamManifest | undefined>
  readonly now: () => Date
}

/** A manifest that wants a tag. */
export interface Claimant {
  readonly target: Target
  readonly manifest: Manifest
  readonly tag: Tag
  readonly arrivedAtMs: number
}

/** Tags that go on to name the image that they were given first. */
export interface WriteOnceTags {
  /**
   * What is to become of a manifest whose tag names `named` at this moment. Asked in the turn of the tag's lane.
   *
   * @throws LayergateError `tag_write_once`
   * @throws UpstreamError
   */
  judge(call: Call, claimant: Claimant, named: Digest | undefined): Promise<TagVerdict>
  /** The tag was given to it. */
  wrote(claimant: Claimant): Promise<void>
  /** It was put, and the tag was kept. */
  kept(claimant: Claimant): Promise<void>
}

/**
 * Docker's daemon with the containerd image store puts each child of an index under the tag of the index, and the index last (until it was
 * mended in 2025: https://github.com/moby/moby/pull/49949; containerd itself until 1.3:
 * https://github.com/containerd/containerd/issues/2639). So a tag that is young may pass once from its first child to the index of all
 * children, and later those children may come again: the tag stays where it is.
 */
export function createWriteOnceTags({ spool, manifestOf, now }: WriteOncePorts): WriteOnceTags {
  const young = createYoungTags(now)

  function youngTag(claimant: Claimant): YoungTag | undefined {
    const tag = young.find(nameOf(claimant), claimant.arrivedAtMs)
    return tag?.owner === ownerOf(claimant) ? tag : undefined
  }

  async function isChildOf(call: Call, named: Digest, { digest }: Manifest): Promise<boolean> {
    const children = childrenOf(await manifestOf(call, named))
    return children.some((child) => child.digest === digest)
  }

  return {
    async judge(call, claimant, named) {
      const { manifest, tag } = claimant
      if (named === undefined) return 'put'
      if (named === manifest.digest) return 'there'
      const recent = youngTag(claimant)
      if (recent?.named === named) {
        if (isIndexOf(manifest, recent)) return 'put'
        if (await isSibling(spool, manifest, recent)) return 'keep'
      }
      if (await isChildOf(call, named, manifest)) return 'keep'
      throw writtenBefore(tag, named, manifest)
    },

    async wrote(claimant) {
      const { manifest } = claimant
      const name = nameOf(claimant)
      if (isIndex(manifest)) return young.delete(name)
      const platform = await platformIfKnown(spool, manifest)
      young.put(name, {
        owner: ownerOf(claimant),
        named: manifest.digest,
        children: new Map([[manifest.digest, platform]]),
        lastPutAtMs: now().getTime(),
      })
    },

    async kept(claimant) {
      const { manifest } = claimant
      const platform = await platformIfKnown(spool, manifest)
      const recent = youngTag(claimant)
      if (!recent) return
      const children = new Map([...recent.children, [manifest.digest, platform] as const])
      young.put(nameOf(claimant), { ...recent, children, lastPutAtMs: now().getTime() })
    },
  }
}

function ownerOf({ target: { owner, agent } }: Claimant): string {
  return owner ?? agent
}

function nameOf({ target: { destination, repository }, tag }: Claimant): string {
  return JSON.stringify([destination.registry, repository, tag])
}

function isIndex({ mediaType }: Manifest): boolean {
  return indexTypes.has(mediaType)
}

/** Whether it names everything that was put under the tag. */
function isIndexOf(manifest: Manifest, { children }: YoungTag): boolean {
  const named = new Set(manifest.children.map(({ digest }) => digest))
  return [...children.keys()].every((child) => named.has(child))
}

/**
 * Whether it may be one more child of the same index: an attestation, or an image for another platform than all before it. What cannot be
 * told apart is another image under the same tag.
 */
async function isSibling(
  spool: WriteOncePorts['spool'],
  manifest: Manifest,
  { children }: YoungTag,
): Promise<boolean> {
  if (children.has(manifest.digest)) return true
  const platform = await platformIfKnown(spool, manifest)
  if (platform === 'attestation') return true
  const others = new Set([...children.values()].filter((other) => other !== 'attestation'))
  return platform !== undefined && !others.has(platform) && !others.has(undefined)
}

/** A spool that cannot be read must not undo what was put. */
function platformIfKnown(spool: WriteOncePorts['spool'], manifest: Manifest) {
  return platformOf(spool, manifest).catch(() => undefined)
}

/** None of what is no index, or cannot be read. */
function childrenOf(stored: UpstreamManifest | undefined): Manifest['children'] {
  if (!stored || !indexTypes.has(stored.mediaType)) return []
  try {
    return parseManifest(stored.bytes, stored.mediaType).children
  } catch (error) {
    if (error instanceof LayergateError) return []
    throw error
  }
}

function writtenBefore(tag: Tag, named: Digest, { digest, bytes }: Manifest): LayergateError {
  return new LayergateError(
    'tag_write_once',
    `${tag} names ${named}, and is written once; ${digest} came.`,
    { expected: { digest: named }, actual: { digest, sizeBytes: bytes.length } },
  )
}
