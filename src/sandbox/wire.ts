import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ApiException } from './exceptions.ts'

/** Bytes that are read only when they are sent. */
export interface Content {
  readonly sizeBytes: number
  read(): AsyncIterable<Buffer>
}

/** An HTTP answer, before it is sent. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string | Content
  readonly headers?: Readonly<Record<string, string>>
}

const awsJson = 'application/x-amz-json-1.1'

export const outputAnswer = (output: object): Answer => ({
  status: 200,
  contentType: awsJson,
  body: JSON.stringify(output),
})

export const exceptionAnswer = ({ name, message, status, members }: ApiException): Answer => ({
  status,
  contentType: awsJson,
  body: JSON.stringify({ __type: name, message, ...members }),
})

/** A load balancer's page, as it stands in front of the API. */
export const htmlAnswer = (status: number, title: string): Answer => ({
  status,
  contentType: 'text/html',
  body: `<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>\n`,
})

export const jsonAnswer = (status: number, value: unknown): Answer => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value)}\n`,
})

/** Sends the whole answer; of an answer to HEAD only what stands above the body. */
export async function send(
  response: ServerResponse,
  { status, contentType, body, headers: own }: Answer,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  response.writeHead(status, {
    ...headers,
    ...own,
    'content-type': contentType,
    'content-length': typeof body === 'string' ? Buffer.byteLength(body) : body.sizeBytes,
  })
  if (typeof body === 'string') response.end(body)
  else if (response.req.method === 'HEAD') response.end()
  else await pipeline(body.read(), response)
}
