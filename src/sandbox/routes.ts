import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { controlPrefix } from './control-routes.ts'
import { blobPrefix } from './oci/blobs.ts'
import { isStsRequest } from './sts/endpoint.ts'
import { jsonAnswer, send } from './wire.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface Routes {
  readonly listener: RequestListener
  /** Resolves when no handler is at work any more. */
  idle(): Promise<void>
}

export interface Handlers {
  readonly api: Handler
  readonly sts: Handler
  readonly control: Handler
  readonly registry: Handler
  readonly token: Handler
  readonly blobContent: Handler
}

/** Which handler answers a request: the one place that knows all of them. */
export function createRoutes(handlers: Handlers): Routes {
  const working = new Set<Promise<void>>()

  const handlerOf = (request: IncomingMessage): Handler => {
    const [path = ''] = (request.url ?? '/').split('?', 1)
    if (path === '/') return isStsRequest(request) ? handlers.sts : handlers.api
    if (path.startsWith(controlPrefix)) return handlers.control
    if (path === '/v2' || path.startsWith('/v2/')) return handlers.registry
    if (path === '/token' || path === '/token/') return handlers.token
    if (path.startsWith(blobPrefix)) return handlers.blobContent
    return async (_, response) => send(response, jsonAnswer(404, { message: 'no such resource' }))
  }

  const run = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await handlerOf(request)(request, response)
    } catch (error) {
      // In the middle of an answer only a broken connection tells that it is not whole.
      if (response.headersSent) response.destroy()
      else await send(response, jsonAnswer(500, { message: String(error) }))
    }
  }

  return {
    listener: (request, response) => {
      const work = run(request, response).finally(() => working.delete(work))
      working.add(work)
    },
    idle: async () => {
      await Promise.all(working)
    },
  }
}
