import type { Digest } from '../../registry/digest.ts'

/** A tag that is written once, and was given to an image a moment ago: that may be the first child of an index which is still to come. */
export interface YoungTag {
  /** Who put all of them. */
  readonly owner: string
  /** What the tag names. */
  readonly named: Digest
  /** Everything that was put under the tag, `named` first, with what each is for (see `platformOf`). */
  readonly children: ReadonlyMap<Digest, string | undefined>
  readonly lastPutAtMs: number
}

export interface YoungTags {
  /**
   * @param arrivedAtMs when the manifest came that wants the tag. It may have waited for its layers since, and its client may have sent
   *   several at once.
   */
  find(name: string, arrivedAtMs: number): YoungTag | undefined
  put(name: string, tag: YoungTag): void
  delete(name: string): void
}

/**
 * From the end of one PUT to the arrival of the next. Clients send the children of an index at once or one after the other, and then the
 * index; what is left to them is to try a request again that was cut off.
 */
const youngMs = 2 * 60_000

export function createYoungTags(now: () => Date): YoungTags {
  const tags = new Map<string, YoungTag>()

  function forgetOld(): void {
    const endMs = now().getTime() - youngMs
    for (const [name, { lastPutAtMs }] of tags) if (lastPutAtMs < endMs) tags.delete(name)
  }

  return {
    find(name, arrivedAtMs) {
      const tag = tags.get(name)
      return tag && arrivedAtMs <= tag.lastPutAtMs + youngMs ? tag : undefined
    },
    put(name, tag) {
      forgetOld()
      tags.set(name, tag)
    },
    delete: (name) => void tags.delete(name),
  }
}
