import type { Target } from '../publish/acceptance.ts'
import type { Catalog } from './catalog.ts'
import { upstreamAnswer } from './upstream-answer.ts'

export interface TagPage {
  /** How many at most. */
  readonly n?: number
  /** Only those after it; it need not be one of them. */
  readonly last?: string
}

export interface TagList {
  readonly tags: readonly string[]
  /** The `last` of the page after this one, where there is one. */
  readonly next?: string
}

/**
 * Tags as the upstream has them at this moment, in pages of ours whatever its own are, by the order of code units (OCI
 * distribution-spec, "Listing Tags").
 *
 * @throws LayergateError when the upstream cannot tell
 * @throws the reason of `signal`
 */
export type ListTags = (target: Target, page: TagPage, signal: AbortSignal) => Promise<TagList>

export function createListTags(catalog: Pick<Catalog, 'tags'>): ListTags {
  return async (target, { n = Infinity, last }, signal) => {
    const all = await upstreamAnswer(signal, (ending) =>
      catalog.tags({ ...target, signal: ending }),
    )
    const rest = last === undefined ? all : all.filter((tag) => tag > last)
    const tags = rest.slice(0, n)
    const next = tags.at(-1)
    return next === undefined || tags.length === rest.length ? { tags } : { tags, next }
  }
}
