import { isObject } from './unverified-jwt.ts'

/** A longer value is left out: no rule can match it. */
export const maxValueBytes = 1024
/** Of all that is kept, as JSON. Our own tokens carry it, and must fit into a header. */
export const maxTotalBytes = 5 * 1024
const maxDepth = 4

/**
 * The claims that are strings. What is nested gets the names on the way to it, with slashes: Kubernetes' namespace is
 * `kubernetes.io/namespace`, its account `kubernetes.io/serviceaccount/name`. Where two claims come to the same name, neither is kept.
 *
 * @returns `undefined` when they are more than `maxTotalBytes`. To leave some out would be no way: a rule may hang on their absence.
 */
export function workloadClaims(
  payload: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  const found: (readonly [string, string])[] = []
  collect(payload, '', 1, found)
  const times = new Map<string, number>()
  for (const [name] of found) times.set(name, (times.get(name) ?? 0) + 1)
  const kept = found.filter(
    ([name, value]) => times.get(name) === 1 && Buffer.byteLength(value) <= maxValueBytes,
  )
  const claims = Object.fromEntries(kept)
  return Buffer.byteLength(JSON.stringify(claims)) <= maxTotalBytes ? claims : undefined
}

function collect(
  values: Readonly<Record<string, unknown>>,
  prefix: string,
  depth: number,
  found: (readonly [string, string])[],
): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') found.push([prefix + name, value])
    if (isObject(value) && depth < maxDepth) collect(value, `${prefix}${name}/`, depth + 1, found)
  }
}
