import { type Digest, parseDigest } from './digest.ts'
import { LayergateError } from './errors.ts'

declare const brand: unique symbol

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export type Tag = string & { readonly [brand]: 'Tag' }

/** What a manifest is asked for, or put, by. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest }

const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** @throws LayergateError `tag_invalid` */
export function parseTag(text: string): Tag {
  if (isTag(text)) return text
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  throw new LayergateError('tag_invalid', `${JSON.stringify(shown)} is not a tag.`)
}

/** A colon makes it a digest: no tag may hold one. @throws LayergateError as `parseDigest`, `parseTag` */
export function parseReference(text: string): Reference {
  return text.includes(':')
    ? { kind: 'digest', digest: parseDigest(text) }
    : { kind: 'tag', tag: parseTag(text) }
}

function isTag(text: string): text is Tag {
  return tagGrammar.test(text)
}
