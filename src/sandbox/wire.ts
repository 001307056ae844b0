import type { ServerResponse } from 'node:http'
import type { ApiException } from './exceptions.ts'

/** An HTTP answer, before it is sent. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
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

/** Sends the whole answer. */
export function send(
  response: ServerResponse,
  { status, contentType, body }: Answer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}
