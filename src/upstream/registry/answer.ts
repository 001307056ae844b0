import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { addAbortSignal, type Readable } from 'node:stream'
import { UpstreamError, type UpstreamFailure } from '../../publish/upstream-error.ts'
import { readBody } from './bounded-body.ts'

/** An answer of the registry whose status is good; its body is yet to come. */
export interface RegistryAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly url: URL
  /** As its head announces it. */
  readonly sizeBytes: number | undefined
  /** @throws UpstreamError `rejected` when there are more than `maxBytes` */
  body(maxBytes: number): Promise<Buffer>
  /** The body for whoever reads it later: it ends with an error when `signal` aborts. */
  stream(signal: AbortSignal): Readable
  /** An error that says what is wrong with this answer. */
  wrong(failure: UpstreamFailure, exception: string, message: string): UpstreamError
}

export function registryAnswer(
  operation: string,
  url: URL,
  message: IncomingMessage,
  signal: AbortSignal,
): RegistryAnswer {
  const { statusCode: status = 0, headers } = message
  const requestId = requestIdOf(headers)

  const wrong: RegistryAnswer['wrong'] = (failure, exception, text) =>
    new UpstreamError(failure, {
      operation,
      exception,
      message: text,
      status,
      ...(requestId !== undefined && { requestId }),
    })

  return {
    status,
    headers,
    url,
    sizeBytes: contentLength(headers),
    async body(maxBytes) {
      const bytes = await readBody(message, maxBytes, signal)
      if (bytes) return bytes
      throw wrong('rejected', 'AnswerTooLarge', `The answer has more than ${maxBytes} bytes.`)
    },
    stream: (until) => addAbortSignal(until, message),
    wrong,
  }
}

function contentLength(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['content-length']
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

export function requestIdOf(headers: IncomingHttpHeaders): string | undefined {
  const id = headers['x-amzn-requestid']
  return typeof id === 'string' ? id : undefined
}
