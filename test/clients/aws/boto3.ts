import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Connection, EcrPublicCall } from './ecr-public-call.ts'
import { type JsonObject, jsonObject, member } from './json.ts'

export interface Boto3Connection extends Connection {
  sessionToken?: string
  /** boto3's own check of parameters, before anything is sent. Default: true. */
  parameterValidation?: boolean
  /** Default: 1. */
  maxAttempts?: number
}

/** What boto3 raised: `name` as the server gave it, `class` as boto3's model knows it. */
export class Boto3Exception extends Error {
  readonly class: string
  readonly statusCode: number
  readonly requestId: string
  readonly members: JsonObject

  constructor(exception: unknown) {
    super(member(exception, 'message', 'string'))
    this.name = member(exception, 'name', 'string')
    this.class = member(exception, 'class', 'string')
    this.statusCode = member(exception, 'statusCode', 'number')
    this.requestId = member(exception, 'requestId', 'string')
    this.members = jsonObject(jsonObject(exception)['members'])
  }
}

/**
 * Starts a Python process that makes the calls of all connections, one after the other. `home` is
 * its home folder: an empty one keeps the machine's AWS configuration out.
 */
export function startBoto3(python: string, home: string) {
  const script = fileURLToPath(new URL('boto3-calls.py', import.meta.url))
  const child = spawn(python, [script], {
    env: { HOME: home, AWS_EC2_METADATA_DISABLED: 'true' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  // That the process ended is told by the call that waits for its answer.
  child.stdin.on('error', () => {})
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  return {
    connect(connection: Boto3Connection): EcrPublicCall {
      const client = { parameterValidation: true, maxAttempts: 1, ...connection }
      return async (operation, input) => {
        child.stdin.write(`${JSON.stringify({ client, operation, input: withBase64(input) })}\n`)
        const { value, done } = await answers.next()
        if (done === true) throw new Error(`boto3 ended without an answer to ${operation}`)
        const answer = jsonObject(JSON.parse(value))
        if ('exception' in answer) throw new Boto3Exception(answer['exception'])
        return jsonObject(answer['result'])
      }
    },
    async close() {
      child.stdin.end()
      await closed
    },
  }
}

function withBase64(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? value.toString('base64') : value,
    ]),
  )
}
