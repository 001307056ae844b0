import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { TestContext } from 'node:test'
import { text } from 'node:stream/consumers'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string | undefined
  readonly name: string
  /** 1: internal, 2: server, 3: client (opentelemetry-proto, trace.proto). */
  readonly kind: number
  readonly startNano: bigint
  readonly endNano: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  /** 2: error. */
  readonly statusCode: number
}

export interface OtlpReceiver {
  readonly url: string
  spans(): readonly ReceivedSpan[]
  /** What the spans are of. */
  resource(): Readonly<Record<string, unknown>>
  paths(): readonly string[]
  headers(): readonly IncomingHttpHeaders[]
  /** All that came, as it came. */
  text(): string
}

/** A collector that keeps what it gets by OTLP over HTTP, in JSON. Gone when the test ends. */
export async function startOtlpReceiver(t: TestContext): Promise<OtlpReceiver> {
  const bodies: string[] = []
  const paths: string[] = []
  const headers: IncomingHttpHeaders[] = []
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    bodies.push(await text(request))
    paths.push(request.url ?? '')
    headers.push(request.headers)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  const server = createServer((request, response) => void receive(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port.')

  const resources = () => bodies.flatMap((body) => list(JSON.parse(body), 'resourceSpans'))
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans: () =>
      resources()
        .flatMap((resource) => list(resource, 'scopeSpans'))
        .flatMap((scope) => list(scope, 'spans'))
        .map(toSpan),
    resource: () => attributesOf(Reflect.get(Object(resources()[0]), 'resource')),
    paths: () => paths,
    headers: () => headers,
    text: () => bodies.join('\n'),
  }
}

function list(value: unknown, name: string): readonly unknown[] {
  const found: unknown = Reflect.get(Object(value), name)
  return Array.isArray(found) ? found : []
}

function toSpan(value: unknown): ReceivedSpan {
  const span = Object(value)
  const status = Object(span.status)
  return {
    traceId: String(span.traceId),
    spanId: String(span.spanId),
    parentSpanId: span.parentSpanId || undefined,
    traceState: span.traceState || undefined,
    name: String(span.name),
    kind: Number(span.kind),
    startNano: BigInt(span.startTimeUnixNano),
    endNano: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span),
    links: list(span, 'links').map((link) => {
      const { traceId, spanId } = Object(link)
      return { traceId: String(traceId), spanId: String(spanId) }
    }),
    statusCode: Number(status.code ?? 0),
  }
}

function attributesOf(owner: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    list(owner, 'attributes').map((attribute) => {
      const { key, value } = Object(attribute)
      return [String(key), plain(value)]
    }),
  )
}

/** `{"intValue":"7"}` as 7 (opentelemetry-proto, common.proto). */
function plain(value: unknown): unknown {
  const [[type, inner] = []] = Object.entries(Object(value))
  if (type === 'intValue') return Number(inner)
  if (type === 'arrayValue') return list(inner, 'values').map(plain)
  return inner
}
