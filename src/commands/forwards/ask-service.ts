import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  controlSocketPath,
  isTooLongForSocket,
  socketPathMaxBytes,
} from '../../http/control/control-socket.ts'
import { ForwardsError } from './forwards-error.ts'
import type { Question, Reply } from './question.ts'

/** Why no service answers there. */
export interface Unreachable {
  readonly why: string
}

/** To retry everything may be many changes, each of them durable. */
const answerMs = 120_000

/**
 * Asks the service that holds the folder, over its socket.
 *
 * @throws ForwardsError when there is a service, but it does not answer
 */
export async function askService(
  dataDir: string,
  question: Question,
): Promise<Reply | Unreachable> {
  const socketPath = controlSocketPath(dataDir)
  if (isTooLongForSocket(socketPath)) {
    return { why: `its path is longer than the ${socketPathMaxBytes} bytes of a socket` }
  }
  try {
    return await exchange(socketPath, question)
  } catch (error) {
    const why = unreachable[codeOf(error) ?? '']
    if (why !== undefined) return { why }
    if (codeOf(error) === undefined) throw error
    throw new ForwardsError(`The service cannot be asked: ${wordsOf(error)}.`, { cause: error })
  }
}

const unreachable: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ECONNREFUSED: 'nobody listens on it',
}

async function exchange(socketPath: string, { method, path, body }: Question): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const sent = request({
    socketPath,
    method,
    path,
    // A connection that is kept alive would keep this process alive, too.
    agent: false,
    signal: AbortSignal.timeout(answerMs),
    ...(body && { headers: { 'content-type': 'application/json' } }),
  })
  sent.on('error', reject)
  sent.on('response', (response) => {
    text(response).then(
      (words) => resolve({ status: response.statusCode ?? 0, text: words }),
      reject,
    )
  })
  sent.end(body && JSON.stringify(body))
  return promise
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function wordsOf(error: unknown): string {
  const code = codeOf(error)
  if (code === 'EACCES' || code === 'EPERM') return 'its socket is for its own user alone'
  if (code === 'ABORT_ERR') return `it did not answer within ${answerMs / 1000} s`
  return error instanceof Error ? error.message : String(error)
}
