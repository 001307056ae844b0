import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { controlPrefix } from './control-routes.ts'
import { jsonAnswer, send } from './wire.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

export interface Routes {
  readonly listener: RequestListener
  /** Resolves when no handler is at work any more. */
  idle(): Promise<void>
}

/** Which handler answers a path: the one place that knows all of them. */
export function createRoutes(api: Handler, control: Handler): Routes {
  const working = new Set<Promise<void>>()

  const handlerOf = (path: string): Handler => {
    if (path.startsWith(controlPrefix)) return control
    if (path === '/' || path.startsWith('/?')) return api
    return async (_, response) => send(response, jsonAnswer(404, { message: 'no such resource' }))
  }

  const run = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await handlerOf(request.url ?? '/')(request, response)
    } catch (error) {
      // In the middle of an answer only a broken connection tells that it is not whole.
      if (response.headersSent) response.destroy()
      else send(response, jsonAnswer(500, { message: String(error) }))
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
