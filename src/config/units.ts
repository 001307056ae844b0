import { isIP } from 'node:net'

/** A parser of one configuration value. Throws an Error whose message ends the sentence "NAME …". */
export type Parse<T> = (text: string) => T

const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
}

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

/** `512MiB` in bytes. */
export const parseSizeBytes: Parse<number> = withUnit(sizeUnits, 'a size such as 512MiB')

/** A size within bounds, both included, that are given as one would write them. */
export function sizeWithin(least: string, most: string): Parse<number> {
  return (text) => {
    const sizeBytes = parseSizeBytes(text)
    if (sizeBytes < parseSizeBytes(least)) throw new Error(`must be ${least} at least`)
    if (sizeBytes > parseSizeBytes(most)) throw new Error(`must be ${most} at most`)
    return sizeBytes
  }
}

const parseAnyDurationMs = withUnit(durationUnits, 'a duration such as 90s')

/** In whole days, the longest delay of a timer: beyond 2^31-1 ms it fires at once (Node.js, Timers). */
const longestDurationMs = 24 * 24 * 3_600_000

/** `90s` in milliseconds, 24 days at most. */
export const parseDurationMs: Parse<number> = (text) => {
  const durationMs = parseAnyDurationMs(text)
  if (durationMs > longestDurationMs) throw new Error('must be 24 days (576h) at most')
  return durationMs
}

function withUnit(units: Readonly<Record<string, number>>, wanted: string): Parse<number> {
  return (text) => {
    const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]+)$/.exec(text) ?? []
    const value = Math.round(Number(digits) * (units[unit] ?? Number.NaN))
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new Error(`must be ${wanted} (units: ${Object.keys(units).join(', ')})`)
    }
    return value
  }
}

export const parseText: Parse<string> = (text) => text

export const parsePort: Parse<number> = (text) => {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error('must be a port, 0 to 65535')
  return port
}

export const parseCount: Parse<number> = (text) => {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count)) {
    throw new Error('must be a whole number from 1 on')
  }
  return count
}

/** How many in a second, a million at most. Decimals are allowed. */
export const parseRate: Parse<number> = (text) => {
  const rate = parseDecimal(text)
  if (!(rate > 0 && rate <= 1e6)) throw new Error('must be a number above 0, 1000000 at most')
  return rate
}

/** Of a whole, which is 1. */
export const parseShare: Parse<number> = (text) => {
  const share = parseDecimal(text)
  if (!(share > 0 && share <= 1)) throw new Error('must be a number above 0, 1 at most')
  return share
}

function parseDecimal(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
}

export const parseSwitch: Parse<boolean> = (text) => {
  if (text !== 'true' && text !== 'false') throw new Error('must be true or false')
  return text === 'true'
}

export const parseHttpUrl: Parse<URL> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new Error('must be a URL that begins with http:// or https://')
  }
  return url
}

export function parseOneOf<const T extends string>(...choices: readonly T[]): Parse<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw new Error(`must be one of ${choices.join(', ')}`)
    return found
  }
}

/** `10.0.0.0/8, 192.0.2.1` */
export const parseNetworks: Parse<readonly string[]> = (text) => {
  const networks = text.split(',').map((network) => network.trim())
  for (const network of networks) {
    const [address = '', bits, ...rest] = network.split('/')
    const version = isIP(address)
    const mostBits = version === 6 ? 128 : 32
    const isWhole = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= mostBits)
    if (version === 0 || !isWhole || rest.length > 0) {
      throw new Error('must be addresses, or networks such as 10.0.0.0/8, separated by commas')
    }
  }
  return networks
}
