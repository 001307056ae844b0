/** Reads a JSON value as `T`; throws {@link ShapeError} with the place `at` which it found wanting. */
export type Shape<T> = (value: unknown, at: string) => T

export type Read<S> = S extends Shape<infer T> ? T : never

/** `type`: not the JSON type that the shape wants. `constraint`: the right type, outside its bounds. */
export class ShapeError extends Error {
  readonly reason: 'type' | 'constraint'

  constructor(reason: 'type' | 'constraint', message: string) {
    super(message)
    this.name = 'ShapeError'
    this.reason = reason
  }
}

const wrongType = (at: string, wanted: string): ShapeError =>
  new ShapeError('type', `'${at}' must be ${wanted}`)

const violated = (at: string, constraint: string): ShapeError =>
  new ShapeError(
    'constraint',
    `Invalid parameter at '${at}' failed to satisfy constraint: '${constraint}'`,
  )

interface TextBounds {
  readonly min?: number
  readonly max?: number
  /** Must match the whole string. */
  readonly pattern?: RegExp
}

/** Bounds count Unicode code points, as Smithy's `length` trait does. */
export function text({ min = 0, max = Infinity, pattern }: TextBounds = {}): Shape<string> {
  return (value, at) => {
    if (typeof value !== 'string') throw wrongType(at, 'a string')
    if (value.length < min) throw violated(at, `Member must have length at least ${min}`)
    if (value.length > max && Array.from(value).length > max) {
      throw violated(at, `Member must have length at most ${max}`)
    }
    if (pattern && !pattern.test(value)) {
      throw violated(at, `must satisfy regular expression '${pattern.source}'`)
    }
    return value
  }
}

export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}): Shape<number> {
  return (value, at) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrongType(at, 'an integer')
    if (value < min) throw violated(at, `Member must be at least ${min}`)
    if (value > max) throw violated(at, `Member must be at most ${max}`)
    return value
  }
}

export const number: Shape<number> = (value, at) => {
  if (typeof value !== 'number') throw wrongType(at, 'a number')
  return value
}

export const boolean: Shape<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw wrongType(at, 'a boolean')
  return value
}

/** A base64 string, read into bytes of its own; `max` bounds the decoded bytes. */
export function blob({ max }: { readonly max: number }): Shape<Buffer> {
  return (value, at) => {
    if (typeof value !== 'string') throw wrongType(at, 'a base64 string')
    const padding = value.endsWith('==') ? 2 : value.endsWith('=') ? 1 : 0
    const sizeBytes = (value.length / 4) * 3 - padding
    if (sizeBytes > max) throw violated(at, `Member must have length at most ${max}`)
    const bytes = Buffer.from(value, 'base64')
    // Node skips what is no base64 and takes the URL alphabet as well: neither is base64 to AWS.
    if (bytes.length !== sizeBytes || value.includes('-') || value.includes('_')) {
      throw wrongType(at, 'a base64 string')
    }
    return bytes
  }
}

export function listOf<T>(member: Shape<T>, { min = 0, max = Infinity } = {}): Shape<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrongType(at, 'a list')
    if (value.length < min) throw violated(at, `Member must have length at least ${min}`)
    if (value.length > max) throw violated(at, `Member must have length at most ${max}`)
    return value.map((item, index) => member(item, `${at}.${index + 1}.member`))
  }
}

export function mapOf<T>(member: Shape<T>): Shape<Record<string, T>> {
  return (value, at) =>
    Object.fromEntries(
      Object.entries(jsonObject(value, at)).map(([key, item]) => [
        key,
        member(item, join(at, key)),
      ]),
    )
}

export function oneOf<const T extends string | number>(...allowed: readonly T[]): Shape<T> {
  return (value, at) => {
    const found = allowed.find((item) => item === value)
    if (found === undefined) throw violated(at, `Member must be one of ${allowed.join(', ')}`)
    return found
  }
}

type Members = Readonly<Record<string, Shape<unknown>>>
type Structure<R extends Members, O extends Members> = { [K in keyof R]: Read<R[K]> } & {
  [K in keyof O]?: Read<O[K]>
}

/** Unknown members are ignored and null counts as absent, as AWS does; `structure.exact` refuses the unknown. */
export function structure<R extends Members, O extends Members>(
  required: R,
  optional: O,
): Shape<Structure<R, O>> {
  const shapes = Object.entries({ ...required, ...optional })
  // Each member was read by its own shape; the compiler cannot follow the loop, this guard ends it.
  const isComplete = (result: object): result is Structure<R, O> =>
    Object.keys(required).every((name) => Object.hasOwn(result, name))

  return (value, at) => {
    const source = jsonObject(value, at)
    const present = shapes.filter(([name]) => (source[name] ?? null) !== null)
    const result = Object.fromEntries(
      present.map(([name, shape]) => [name, shape(source[name], join(at, name))]),
    )
    if (isComplete(result)) return result
    const missing = Object.keys(required).find((name) => !Object.hasOwn(result, name)) ?? ''
    throw violated(join(at, missing), 'Member must not be null')
  }
}

structure.exact = <R extends Members, O extends Members>(
  required: R,
  optional: O,
): Shape<Structure<R, O>> => {
  const read = structure(required, optional)
  return (value, at) => {
    for (const name of Object.keys(jsonObject(value, at))) {
      if (!(name in required || name in optional)) throw violated(join(at, name), 'unknown member')
    }
    return read(value, at)
  }
}

export function jsonObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(at === '' ? 'input' : at, 'an object')
  }
  return { ...value }
}

const join = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`)
