type Fields = Record<string, unknown>

const redacted = '[redacted]'
const cutOff = '[cut off]'

/** In lower case, without `-` and `_`. */
const secretNames: ReadonlySet<string> = new Set([
  'accesskeyid',
  'accesstoken',
  'apikey',
  'authorization',
  'authorizationtoken',
  'authtoken',
  'clientsecret',
  'cookie',
  'idtoken',
  'passphrase',
  'passwd',
  'password',
  'privatekey',
  'proxyauthorization',
  'rawheaders',
  'refreshtoken',
  'secret',
  'secretaccesskey',
  'sessiontoken',
  'setcookie',
  'signature',
  'token',
  'webidentitytoken',
  'xamzsecuritytoken',
  'xamzsignature',
  'xapikey',
])

/** What a secret looks like wherever it stands in a text. */
const secretForms = [
  // Credentials of HTTP (RFC 7617, RFC 6750).
  /\b(?:[Bb]asic|BASIC|[Bb]earer|BEARER)\s+[^\s"',]+/,
  // Access keys by their prefixes (IAM User Guide, "IAM identifiers"), and session tokens by what they have all begun with so far.
  /\b(?:AKIA|ASIA)[A-Z0-9]{12,}/,
  /\b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[\w+/=%-]{20,}/,
  // Tokens of CI systems, and ours (RFC 7519: three parts, of which the first is JSON), and static ones of `layergate token`.
  /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/,
  /\blg_[\w-]{20,}/,
  // Fields of queries, forms and presigned URLs.
  /\b(?:[Xx]-[Aa]mz-)?(?:[Ss]ignature|[Ss]ecurity-[Tt]oken|[Cc]redential)=[^&\s"',]+/,
  /(?:\b|_)(?:token|password|passwd|secret)=[^&\s"',]+/,
  // Between `//` and `@` of a URL.
  /(?<=:\/\/)[^\s/@"':]*:[^\s/@"']+(?=@)/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/,
]
const secretTexts = new RegExp(secretForms.map(({ source }) => source).join('|'), 'g')

/** Of all levels of one line together. */
const maxValues = 500
const maxDepth = 10

/**
 * The same fields as plain data without credentials: secret names and texts are blanked out, errors described,
 * instances of other classes only named. Cycles end, and so does what is too deep or too much.
 */
export function censor(fields: Fields): Fields {
  for (const name in fields) {
    if (!isHarmless(name, fields[name])) return createWalk().fields(fields)
  }
  return fields
}

function censorText(text: string): string {
  return text.replace(secretTexts, redacted)
}

/** Whatever was thrown in the shape of a described error, so that a log's index sees one type of field. */
export function asErrorDescription(censored: unknown): object {
  if (typeof censored === 'object' && censored !== null) return censored
  return { message: String(censored) }
}

/** As nearly every field is, so that nearly no line is copied. */
function isHarmless(name: string, value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return false
  if (typeof value === 'string' && value.search(secretTexts) !== -1) return false
  return !isSecret(name)
}

function isSecret(name: string): boolean {
  return secretNames.has(name.replace(/[-_]/g, '').toLowerCase())
}

/** One line's walk. Every step knows the objects that it is within, the outermost first. */
function createWalk() {
  let valuesLeft = maxValues

  function walk(value: unknown, within: readonly object[]): unknown {
    if (typeof value === 'string') return censorText(value)
    if (typeof value !== 'object' || value === null) return value
    if (within.includes(value)) return '[circular]'
    if (within.length >= maxDepth) return cutOff
    return walkInto(value, [...within, value])
  }

  function walkInto(value: object, within: readonly object[]): unknown {
    if (value instanceof Error) return describe(value, within)
    if (Array.isArray(value)) return [...items(value, within)]
    if (isPlain(value)) return Object.fromEntries(entries(value, within))
    if (value instanceof Date || value instanceof URL) return walk(value.toJSON(), within)
    return Object.prototype.toString.call(value)
  }

  function* items(list: readonly unknown[], within: readonly object[]): Generator {
    for (const item of list) {
      valuesLeft -= 1
      if (valuesLeft < 0) return yield cutOff
      yield walk(item, within)
    }
  }

  function* entries(value: object, within: readonly object[]): Generator<[string, unknown]> {
    for (const [name, inner] of Object.entries(value)) {
      valuesLeft -= 1
      if (valuesLeft < 0) return yield ['…', cutOff]
      yield [name, isSecret(name) ? redacted : walk(inner, within)]
    }
  }

  /** The named properties and no others: an SDK's error carries its request, an HTTP client's its headers. */
  function describe(error: Error, within: readonly object[]): object {
    const { name, message, stack, cause } = error
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
    return {
      name: walk(name, within),
      message: walk(message, within),
      ...(code !== undefined && { code: walk(code, within) }),
      stack: walk(stack, within),
      ...(cause !== undefined && { cause: asErrorDescription(walk(cause, within)) }),
    }
  }

  return { fields: (value: Fields): Fields => Object.fromEntries(entries(value, [value])) }
}

/** Classes hold what was not made to be logged: streams, buffers, requests with their headers in one string. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
