import { createHash, createHmac } from 'node:crypto'
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from 'node:http'
import { text } from 'node:stream/consumers'
import { type Sandbox, sandboxCredentials } from '../../../src/sandbox/sandbox.ts'

export interface RawCall {
  /** Null: none is named, as in the query protocol. */
  readonly operation?: string | null
  readonly body?: string
  /** Sent in place of the body that was signed. */
  readonly sentBody?: string
  /** Sent, and signed where `signed` names them. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the headers that botocore signs. */
  readonly signed?: readonly string[]
  readonly scope?: string
  readonly atMs?: number
  readonly secretAccessKey?: string
  readonly accessKeyId?: string
  /** Replaces what was signed. */
  readonly authorization?: string | null
  readonly path?: string
  readonly method?: string
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** `__type` of an exception. */
  readonly type: unknown
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest()

/** A call as botocore would send it, with whatever should be wrong about it. */
export async function rawCall(sandbox: Sandbox, call: RawCall = {}): Promise<RawAnswer> {
  const { body = '{}', method = 'POST', path = '/', atMs = Date.now() } = call
  const date = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
  const headers: Record<string, string> = {
    host: `127.0.0.1:${sandbox.port}`,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-date': date,
    ...targetOf(call),
    ...call.headers,
  }
  const authorization =
    call.authorization === undefined ? sign(call, headers, date, body) : call.authorization
  if (authorization !== null) headers['authorization'] = authorization

  const outgoing = request(`${sandbox.url}${path}`, { method, headers, agent: false })
  outgoing.end(call.sentBody ?? body)
  const answer = await answerTo(outgoing)
  const content = await text(answer)
  const { statusCode: status = 0 } = answer
  return { status, headers: answer.headers, body: content, type: typeOf(content) }
}

const targetOf = ({
  operation = 'DescribeRegistries',
}: RawCall): Readonly<Record<string, string>> =>
  operation === null ? {} : { 'x-amz-target': `SpencerFrontendService.${operation}` }

const answerTo = (outgoing: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
  })

function sign(
  call: RawCall,
  headers: Readonly<Record<string, string>>,
  date: string,
  body: string,
): string {
  const { accessKeyId, secretAccessKey } = sandboxCredentials
  const token = headers['x-amz-security-token'] === undefined ? [] : ['x-amz-security-token']
  const target = Object.keys(targetOf(call))
  const usual = ['content-type', 'host', 'x-amz-date', ...token, ...target]
  const signed = (call.signed ?? usual).toSorted()
  const scope = call.scope ?? `${date.slice(0, 8)}/us-east-1/ecr-public/aws4_request`
  const canonical = [
    call.method ?? 'POST',
    '/',
    '',
    ...signed.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    signed.join(';'),
    sha256(body),
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const key = scope
    .split('/')
    .reduce<string | Buffer>(hmac, `AWS4${call.secretAccessKey ?? secretAccessKey}`)
  const credential = `${call.accessKeyId ?? accessKeyId}/${scope}`
  const signature = hmac(key, toSign).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed.join(';')}, Signature=${signature}`
}

function typeOf(body: string): unknown {
  const json: unknown = body.startsWith('{') ? JSON.parse(body) : {}
  return new Map(Object.entries(Object(json))).get('__type')
}
