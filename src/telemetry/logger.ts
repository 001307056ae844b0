import { type DestinationStream, type Logger, pino } from 'pino'

/** JSON lines. Whatever a caller hands over by mistake, credentials do not get into them. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
    serializers: { err: describeError },
  }
  return destination ? pino(options, destination) : pino(options)
}

const secretNames = [
  'authorization',
  '["proxy-authorization"]',
  'cookie',
  '["set-cookie"]',
  '["x-amz-security-token"]',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'password',
  'token',
]

const secretPaths = ['', '*', '*.*', '*.*.*'].flatMap((prefix) =>
  secretNames.map((name) => {
    if (prefix === '') return name
    return name.startsWith('[') ? `${prefix}${name}` : `${prefix}.${name}`
  }),
)

/**
 * The named properties of an error and no others: an SDK's error carries its request, an HTTP client's its headers.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    name,
    message,
    ...(code !== undefined && { code }),
    stack,
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}
