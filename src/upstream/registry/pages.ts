import type { Call } from '../../publish/upstream.ts'
import type { RegistryAnswer } from './answer.ts'
import { parseJson } from './json.ts'
import type { ReadOperation, RegistryRead } from './read.ts'

export interface PagedList<T> {
  readonly operation: ReadOperation
  /** Of its first page, below the repository. */
  readonly path: string
  readonly query?: string
  readonly accept?: string
  /** The entries of a page; `undefined` when it is none. */
  readonly entries: (json: unknown) => readonly T[] | undefined
}

/** Of all pages together. */
const maxListBytes = 16 * 1024 * 1024
const maxPages = 1_000

/**
 * A whole list, page by page as the `Link` headers say (OCI distribution-spec, "Listing Tags" and "Listing Referrers").
 *
 * @throws UpstreamError `rejected` when it is larger than 16 MiB, or its pages have no end
 */
export async function readAllPages<T>(
  read: RegistryRead,
  call: Call,
  list: PagedList<T>,
): Promise<T[]> {
  const all: T[] = []
  const asked = new Set<string>()
  let leftBytes = maxListBytes
  let query: string | undefined = list.query ?? ''
  while (query !== undefined) {
    asked.add(query)
    query = await read(call, {
      operation: list.operation,
      path: `${list.path}${query}`,
      ...(list.accept !== undefined && { accept: list.accept }),
      async read(answer) {
        const body = await answer.body(leftBytes)
        leftBytes -= body.byteLength
        const entries = list.entries(parseJson(body))
        if (!entries) throw unreadable(answer)
        for (const entry of entries) all.push(entry)
        const next = nextQuery(answer)
        if (next !== undefined && (asked.has(next) || asked.size >= maxPages)) throw endless(answer)
        return next
      },
    })
  }
  return all
}

/** Only the query of the link is followed: our token goes to no other host or path. */
function nextQuery({ headers: { link }, url }: RegistryAnswer): string | undefined {
  const links = Array.isArray(link) ? link.join() : (link ?? '')
  const [, target] = /<([^>]*)>\s*;[^,<]*\brel="?next\b/i.exec(links) ?? []
  return target !== undefined && URL.canParse(target, url) ? new URL(target, url).search : undefined
}

function unreadable(answer: RegistryAnswer): Error {
  return answer.wrong('unavailable', 'UnreadableAnswer', 'The answer is not such a list.')
}

function endless(answer: RegistryAnswer): Error {
  return answer.wrong('rejected', 'EndlessList', 'The pages of the list lead back, or never end.')
}
