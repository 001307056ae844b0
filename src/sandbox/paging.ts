import { exception } from './exceptions.ts'

interface PageRequest {
  readonly nextToken?: string
  /** Default 100, as the model documents. */
  readonly maxResults?: number
}

/** One page of `items`; `nextToken` is a member only where there is more. */
export function page<T>(
  items: readonly T[],
  { nextToken, maxResults = 100 }: PageRequest,
): { readonly items: readonly T[]; readonly next: { readonly nextToken?: string } } {
  const start = nextToken === undefined ? 0 : parseToken(nextToken)
  const end = start + maxResults
  return {
    items: items.slice(start, end),
    next: end < items.length ? { nextToken: Buffer.from(`${end}`).toString('base64') } : {},
  }
}

function parseToken(token: string): number {
  const text = Buffer.from(token, 'base64').toString()
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  throw exception(
    'InvalidParameterException',
    "Invalid parameter at 'nextToken' failed to satisfy constraint: 'must come from an earlier answer'",
  )
}
