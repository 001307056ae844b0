import type { Referrer } from '../../reads/catalog.ts'
import type { Digest } from '../../registry/digest.ts'
import { ociIndexType } from '../../registry/media-type.ts'
import { isJsonObject, member } from './json.ts'
import type { PagedList } from './pages.ts'

/** The largest page that ECR's own API has (API model, 2020-10-30: `MaxResults`). */
const pageQuery = '?n=1000'

export const tagList: PagedList<string> = {
  operation: 'ListTags',
  path: 'tags/list',
  query: pageQuery,
  entries(json) {
    const tags = member(json, 'tags')
    // Registries written in Go say so of a list that is empty.
    if (tags === null) return []
    return Array.isArray(tags) && tags.every(isText) ? tags : undefined
  },
}

export function referrersList(subject: Digest): PagedList<Referrer> {
  return {
    operation: 'GetReferrers',
    path: `referrers/${subject}`,
    accept: ociIndexType,
    entries(json) {
      const manifests = member(json, 'manifests')
      return Array.isArray(manifests) && manifests.every(isJsonObject) ? manifests : undefined
    },
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
