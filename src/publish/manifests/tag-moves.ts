import type { Digest } from '../../registry/digest.ts'
import type { Manifest } from '../../registry/manifest.ts'
import type { Tag } from '../../registry/reference.ts'
import type { Target } from '../acceptance.ts'
import type { Call, Upstream } from '../upstream.ts'
import type { TagMove } from './tag-lanes.ts'
import type { Claimant, WriteOnceTags } from './write-once.ts'

export interface TagPorts {
  readonly upstream: Pick<Upstream, 'putManifest'>
  /**
   * What a tag names upstream at this moment.
   *
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  readonly tagDigest: (call: Call, tag: Tag) => Promise<Digest | undefined>
  readonly writeOnce: WriteOnceTags
}

/** How one of its tags is moved to a manifest. */
export interface MoveOfTag {
  readonly tag: Tag
  readonly move: TagMove
  /** Before any tag is moved, since there are several: whether this one may be. @throws LayergateError `tag_write_once` */
  readonly check: () => Promise<void>
  /** The manifest was put, by whatever name. */
  readonly onPut: () => Promise<void>
}

/** What wants the tags, and since when. */
export interface TaggedManifest {
  readonly target: Target
  readonly manifest: Manifest
  readonly tags: readonly Tag[]
  readonly arrivedAtMs: number
}

export function movesOf(
  ports: TagPorts,
  call: Call,
  { target, manifest, tags, arrivedAtMs }: TaggedManifest,
): readonly MoveOfTag[] {
  const { isWriteOnce = () => false } = target.destination
  return tags.map((tag) => {
    return isWriteOnce(tag)
      ? moveOnce(ports, call, { target, manifest, tag, arrivedAtMs })
      : freeMove(ports, call, manifest, tag)
  })
}

function freeMove(ports: TagPorts, call: Call, manifest: Manifest, tag: Tag): MoveOfTag {
  const { upstream, tagDigest } = ports
  const move: TagMove = {
    put: () => upstream.putManifest(call, manifest, tag),
    read: () => tagDigest(call, tag),
  }
  return { tag, move, check: () => Promise.resolve(), onPut: () => Promise.resolve() }
}

function moveOnce(ports: TagPorts, call: Call, claimant: Claimant): MoveOfTag {
  const { upstream, tagDigest, writeOnce } = ports
  const { manifest, tag } = claimant
  let isKept = false
  /** It may have been put by this very move, although nobody heard of it. */
  let isInDoubt = false

  const read = () => tagDigest(call, tag)
  const move: TagMove = {
    read,
    async put() {
      isInDoubt = true
      await upstream.putManifest(call, manifest, tag)
      // In the turn in which it was put: others of the same index may come next.
      await writeOnce.wrote(claimant)
    },
    async judge(named) {
      const verdict = await writeOnce.judge(call, claimant, named)
      if (verdict === 'there' && isInDoubt) await writeOnce.wrote(claimant)
      isKept = verdict === 'keep'
      if (isKept) await writeOnce.kept(claimant)
      return verdict
    },
  }
  return {
    tag,
    move,
    async check() {
      await writeOnce.judge(call, claimant, await read())
    },
    async onPut() {
      if (isKept) await writeOnce.kept(claimant)
    },
  }
}
