import type { Repository } from '../state.ts'
import type { SwitchBoard } from '../switches.ts'
import { type Answer, jsonAnswer } from '../wire.ts'
import { ociError } from './errors.ts'
import type { Target } from './target.ts'

/**
 * The tags of a repository in order, or the page of them that `n` and `last` ask for.
 * @throws ApiException PAGINATION_NUMBER_INVALID
 */
export function tagListAnswer(
  repository: Repository,
  { registryId, query }: Target,
  switches: SwitchBoard,
): Answer {
  const name = `${registryId}/${repository.name}`
  const all = [...repository.tags.keys()].toSorted()
  if (switches.now().tagPaging === 'ignored') return jsonAnswer(200, { name, tags: all })

  const last = query.get('last')
  const n = query.get('n')
  if (n !== null && !/^[0-9]+$/.test(n)) {
    throw ociError('PAGINATION_NUMBER_INVALID', `'${n}' is no number of tags`)
  }
  const rest = last === null ? all : all.filter((tag) => tag > last)
  const tags = rest.slice(0, n === null ? undefined : Number(n))
  const answer = jsonAnswer(200, { name, tags })
  const lastTag = tags.at(-1)
  if (n === null || lastTag === undefined || tags.length === rest.length) return answer
  const next = new URLSearchParams({ n, last: lastTag }).toString()
  return { ...answer, headers: { link: `</v2/${name}/tags/list?${next}>; rel="next"` } }
}
