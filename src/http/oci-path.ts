/** Where clients trade what they logged in with for a token. */
export const tokenPath = '/token'

/** What may follow the name of a repository, which has slashes of its own. */
const tails = [
  'blobs/uploads(?:/[^/]*)?',
  'blobs/[^/]+',
  'manifests/[^/]+',
  'referrers/[^/]+',
  'tags/list',
]
const resource = new RegExp(`^/v2/(.+?)/(${tails.join('|')})$`)

/**
 * Makes the name of a repository one segment of the path, so that routes can name it, and adds the slash at the end of `/v2/` and of
 * `/blobs/uploads/`, which clients and front proxies disagree about. `*`, which is no path, is not to be taken for `/`. Other paths stay as
 * they are.
 */
export function toRoutePath(url: string): string {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  const query = at < 0 ? '' : url.slice(at)
  if (path === '*') return `/*${query}`
  if (path === '/v2') return `/v2/${query}`
  const [, name, rest] = resource.exec(path) ?? []
  if (name === undefined || rest === undefined) return url
  const slash = rest === 'blobs/uploads' ? '/' : ''
  return `/v2/${encodeURIComponent(decoded(name))}/${rest}${slash}${query}`
}

/** Whether a container client reads the answer, also where there is no route. */
export function isOciPath(url: string): boolean {
  const [path = ''] = url.split('?', 1)
  return path.startsWith('/v2/') || path === '/v2' || path === tokenPath
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
