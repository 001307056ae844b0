import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { readBody } from './body.ts'
import type { Controls } from './controls.ts'
import { ApiException } from './exceptions.ts'
import { faultRulesShape } from './fault-shapes.ts'
import { repositoryName } from './inputs.ts'
import { ShapeError, structure } from './shapes.ts'
import { switchesShape } from './switches.ts'
import { type Answer, jsonAnswer, send } from './wire.ts'

export const controlPrefix = '/_sandbox/'

const newRepository = structure.exact({ repositoryName }, {})
const done = jsonAnswer(200, {})
const notFound = jsonAnswer(404, { message: 'no such resource' })

/** The controls over HTTP: JSON, without authentication, for loopback only. */
export function createControlRoutes(controls: Controls) {
  const routes: Readonly<Record<string, (body: unknown) => Answer>> = {
    'GET healthz': () => jsonAnswer(200, { status: 'ok' }),
    'GET calls': () => jsonAnswer(200, controls.calls()),
    'DELETE calls': () => {
      controls.clearCalls()
      return done
    },
    'GET faults': () => jsonAnswer(200, controls.faults()),
    'POST faults': (body) => {
      controls.addFaults(faultRulesShape(body, 'faults'))
      return done
    },
    'DELETE faults': () => {
      controls.clearFaults()
      return done
    },
    'GET switches': () => jsonAnswer(200, controls.switches()),
    'PATCH switches': (body) => {
      controls.setSwitches(switchesShape(body, 'switches'))
      return jsonAnswer(200, controls.switches())
    },
    'GET state': () => jsonAnswer(200, controls.state()),
    'DELETE unreferenced-layers': () => {
      controls.dropUnreferencedLayers()
      return done
    },
    'POST repositories': (body) => {
      controls.createRepository(newRepository(body, '').repositoryName)
      return jsonAnswer(201, {})
    },
  }

  const answerTo = async (request: IncomingMessage, resource: string): Promise<Answer> => {
    const route = routes[`${request.method} ${resource}`]
    if (route) return route(await readJson(request))
    const [kind, ...rest] = resource.split('/')
    if (request.method !== 'DELETE') return notFound
    if (kind === 'repositories') controls.removeRepository(rest.join('/'))
    else if (kind === 'layers') controls.removeLayer(rest.slice(0, -1).join('/'), rest.at(-1) ?? '')
    else return notFound
    return done
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isLoopback(request.socket.remoteAddress)) {
      await send(response, jsonAnswer(403, { message: 'the controls answer to loopback only' }))
      return
    }
    const resource = decodeURIComponent((request.url ?? '').slice(controlPrefix.length))
    const layer = request.method === 'GET' ? readLayer(controls, resource) : undefined
    if (layer) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      await pipeline(layer, response)
      return
    }
    await send(response, await answerTo(request, resource).catch(refusal))
  }
}

function readLayer(controls: Controls, resource: string): AsyncIterable<Buffer> | undefined {
  const [, repository, digest] = /^layers\/(.+)\/([^/]+)$/.exec(resource) ?? []
  return repository && digest ? controls.readLayer(repository, digest) : undefined
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request)
  const text = body?.bytes.toString() ?? ''
  return text === '' ? {} : JSON.parse(text)
}

function refusal(error: unknown): Answer {
  const isCallersFault =
    error instanceof ShapeError || error instanceof SyntaxError || error instanceof ApiException
  return jsonAnswer(isCallersFault ? 400 : 500, { message: String(error) })
}

function isLoopback(address = ''): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address)
}
