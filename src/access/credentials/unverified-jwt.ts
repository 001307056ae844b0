type JsonObject = Readonly<Record<string, unknown>>

/** What a token says of itself. Nobody has vouched for it. */
export interface UnverifiedJwt {
  readonly header: JsonObject
  readonly claims: JsonObject
}

/** `undefined` for whatever is no signed token in the compact form (https://www.rfc-editor.org/rfc/rfc7519#section-7.2), letter by letter. */
export function unverifiedJwt(token: string): UnverifiedJwt | undefined {
  const segments = token.split('.')
  if (segments.length !== 3) return undefined
  const [header, claims, signature] = segments.map(bytesOf)
  if (!header || !claims || !signature) return undefined
  const parsed = { header: objectIn(header), claims: objectIn(claims) }
  return parsed.header && parsed.claims
    ? { header: parsed.header, claims: parsed.claims }
    : undefined
}

/** Of several spellings of the same bytes only the regular one counts: one token, one text. */
function bytesOf(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : undefined
}

function objectIn(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
