import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'
import type { ObservedCall } from '../observed-call.ts'
import type { RegistryAliases } from './aliases.ts'
import { type RegistryAnswer, registryAnswer, requestIdOf } from './answer.ts'
import { readBody } from './bounded-body.ts'
import type { HttpExchange } from './http-exchange.ts'
import { toRefusal } from './refusal.ts'
import type { RegistryToken } from './token.ts'

/** The requests to the registry endpoint, in the words of the operations that they are. */
export type ReadOperation = 'GetManifest' | 'HeadManifest' | 'GetBlob' | 'ListTags' | 'GetReferrers'

export interface RegistryRequest<T> {
  readonly operation: ReadOperation
  readonly method?: 'GET' | 'HEAD'
  /** Below the repository, with its query. */
  readonly path: string
  /** Media types. */
  readonly accept?: string
  /** Statuses beside 200 that are not refusals. */
  readonly alsoGood?: readonly number[]
  /**
   * Takes what is wanted from the answer, and its body to the end.
   *
   * @throws UpstreamError when the answer is not what was asked for
   */
  readonly read: (answer: RegistryAnswer) => Promise<T>
}

/** One read with a token that the registry takes: one that was refused, and may have expired, is replaced once. */
export interface RegistryRead {
  /**
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  <T>(call: Call, request: RegistryRequest<T>): Promise<T>
}

export interface RegistryReadParts {
  /** Nothing is sent to any other host. */
  readonly endpoint: URL
  readonly exchange: HttpExchange
  readonly token: RegistryToken
  readonly aliases: RegistryAliases
  readonly observed: ObservedCall
  /** For one answer, its body included. */
  readonly timeoutMs: number
}

const maxRefusalBytes = 64 * 1024

export function createRegistryRead(parts: RegistryReadParts): RegistryRead {
  const { endpoint, exchange, token, aliases, observed, timeoutMs } = parts

  function ask<T>(call: Call, url: URL, request: RegistryRequest<T>, bearer: string): Promise<T> {
    const { operation, method = 'GET', accept = '*/*', alsoGood = [], read } = request
    const asked = {
      authorization: `Bearer ${bearer}`,
      accept,
      // The digest is that of the bytes as they are stored, and so is the length.
      'accept-encoding': 'identity',
    }
    return observed(call, { operation, timeoutMs }, async (signal) => {
      const message = await exchange.send({ method, url, headers: asked }, signal)
      const { statusCode: status = 0, headers } = message
      if (status !== 200 && !alsoGood.includes(status)) {
        const body = await readBody(message, maxRefusalBytes, signal)
        throw toRefusal(operation, { status, headers, body })
      }
      const result = await read(registryAnswer(operation, url, message, signal))
      return { result, requestId: requestIdOf(headers) }
    })
  }

  return async (call, request) => {
    const alias = encodeURIComponent(await aliases.of(call))
    const url = new URL(`/v2/${alias}/${call.repository}/${request.path}`, endpoint)
    const first = await token.current(call)
    try {
      return await ask(call, url, request, first)
    } catch (error) {
      if (!(error instanceof UpstreamError && error.failure === 'denied')) throw error
      const second = await token.after(first, call)
      if (second === undefined) throw error
      return ask(call, url, request, second)
    }
  }
}
