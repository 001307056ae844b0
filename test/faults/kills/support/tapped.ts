/** Told of the calls that pass through a port. */
export interface Tap {
  /** There is an object that has this method. */
  knows(method: string): void
  /** A call of `method` begins. */
  before(method: string): void
  /** It is done: it returned, or its promise resolved. A call that failed is not told of. */
  after(method: string): void
}

/** What a method gives away has methods of its own, and is tapped as well, under this name. */
const outcomes: Readonly<Record<string, string>> = {
  'spool.create': 'writer',
  'spool.resume': 'writer',
  'spool.open': 'reader',
  'spool.openUpload': 'uploadReader',
  'forwards.claim': 'claim',
  'files.create': 'file',
  'files.open': 'file',
  'files.openForWriting': 'file',
}

/** The same object, but that each of its methods tells `tap`. */
export function tapped<T extends object>(name: string, object: T, tap: Tap): T {
  for (const key of Reflect.ownKeys(object)) {
    if (typeof Reflect.get(object, key) === 'function') tap.knows(methodName(name, key))
  }
  return new Proxy(object, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      const method = methodName(name, key)
      return (...args: readonly unknown[]): unknown => {
        tap.before(method)
        const result: unknown = Reflect.apply(value, target, args)
        if (!(result instanceof Promise)) {
          tap.after(method)
          return result
        }
        return result.then((outcome: unknown) => {
          tap.after(method)
          const inner = outcomes[method]
          return inner !== undefined && isObject(outcome) ? tapped(inner, outcome, tap) : outcome
        })
      }
    },
  })
}

function methodName(name: string, key: string | symbol): string {
  return `${name}.${typeof key === 'symbol' ? (key.description ?? '').replace('Symbol.', '') : key}`
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
