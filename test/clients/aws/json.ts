import assert from 'node:assert/strict'

export type JsonObject = Record<string, unknown>

interface Kinds {
  string: string
  number: number
}

export function jsonObject(value: unknown): JsonObject {
  assert.ok(typeof value === 'object' && value !== null, `not an object: ${JSON.stringify(value)}`)
  return { ...value }
}

/** The member of that name, which must be there and of that type. */
export function member<Kind extends keyof Kinds>(
  object: unknown,
  name: string,
  kind: Kind,
): Kinds[Kind]
export function member(object: unknown, name: string, kind: string): unknown {
  const value = jsonObject(object)[name]
  assert.equal(typeof value, kind, `${name} in ${JSON.stringify(object)}`)
  return value
}
