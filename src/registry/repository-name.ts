import { LayergateError } from './errors.ts'

declare const brand: unique symbol

/** A repository name that ECR Public accepts, for example `team/app`. */
export type RepositoryName = string & { readonly [brand]: 'RepositoryName' }

/** From the ECR Public API model (2020-10-30), `RepositoryName`: 2 to 205 characters. */
const grammar = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/
const minLength = 2
const maxLength = 205

/** @throws LayergateError `repository_name_invalid` */
export function parseRepositoryName(text: string): RepositoryName {
  if (isRepositoryName(text)) return text
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  throw new LayergateError(
    'repository_name_invalid',
    `${JSON.stringify(shown)} is not a repository name.`,
  )
}

export function isRepositoryName(text: string): text is RepositoryName {
  return text.length >= minLength && text.length <= maxLength && grammar.test(text)
}
