/** What the bytes say as JSON; `undefined` when they are none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** A member of an object that may be anything. */
export function member(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined
}

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
