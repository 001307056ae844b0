import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger,
  pino,
} from 'pino'
import { asErrorDescription, censor } from './censor.ts'
import { logToStandardOutput } from './standard-output.ts'

/**
 * JSON lines. Whatever a caller hands over by mistake, credentials do not get into them.
 *
 * @param destination standard output when absent, which only one logger of a process may have
 */
export function createLogger(
  level: string,
  destination: DestinationStream = logToStandardOutput(),
): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: censor },
    // These see what `formatters.log` returned: pino's own for `err` would describe the description.
    serializers: { err: asErrorDescription, msg: (msg: unknown) => censor({ msg })['msg'] },
  }
  return withCensoredChildren(pino(options, destination))
}

/** What a child adds to all of its lines goes past `formatters`. */
function withCensoredChildren(logger: Logger): Logger {
  const { child } = logger
  return Object.assign(logger, {
    child(this: Logger, bindings: Bindings, options?: ChildLoggerOptions): Logger {
      return Reflect.apply(child, this, [censor(bindings), options])
    },
  })
}
