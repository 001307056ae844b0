import { KeyPairError } from '../http/tls/key-pair.ts'
import { settings } from '../config/settings.ts'

/** The service could not start, for a reason outside of it: told without a stack, exit status 1. */
export class StartError extends Error {
  /** @param setting the environment variable that may have to be changed */
  constructor(cause: Error, setting: string) {
    const why = cause.message.replace(/\.?$/, '.')
    super(`layergate could not start: ${why} See ${setting}.`, { cause })
    this.name = 'StartError'
  }
}

/** No such address here, or no such name. Everything else lies with the port. */
const hostCodes: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAI_AGAIN', 'ENOTFOUND'])

/** @returns a StartError, or `error` itself when it is not one of the operating system */
export function asListenError(error: unknown, portSetting: string): unknown {
  if (!isSystemError(error)) return error
  const isHostWrong = hostCodes.has(error.code)
  return new StartError(error, isHostWrong ? settings.host.name : portSetting)
}

/** @returns a StartError, or `error` itself when the data folder is not what is wrong */
export function asStorageError(error: unknown): unknown {
  const isFolderWrong = isSystemError(error) || isRefusal(error)
  return isFolderWrong ? new StartError(error, settings.dataDir.name) : error
}

/** @returns a StartError, or `error` itself when it is not the certificate or its key that is wrong */
export function asKeyPairError(error: unknown): unknown {
  return error instanceof KeyPairError ? new StartError(error, settings.tlsCert.name) : error
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

/** Storage says in a plain Error that a folder is held, newer or damaged. What is a bug has a cause or another class. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  if ('code' in error) return error.code === 'spool_full'
  return error.constructor === Error && error.cause === undefined
}
