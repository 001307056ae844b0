import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { readBody } from './body.ts'
import type { Controls } from './controls.ts'
import { ApiException } from './exceptions.ts'
import { faultRulesShape } from './fault-shapes.ts'
import { permissionsShape } from './permissions.ts'
import type { RegistryControls } from './registry-controls.ts'
import { answerInRegistry } from './registry-routes.ts'
import { roleShape } from './roles.ts'
import { ShapeError } from './shapes.ts'
import { switchesShape } from './switches.ts'
import { type Answer, jsonAnswer, send } from './wire.ts'

export const controlPrefix = '/_sandbox/'

const done = jsonAnswer(200, {})
const notFound = jsonAnswer(404, { message: 'no such resource' })

type Routes = Readonly<Record<string, (body: unknown, name: string) => Answer>>

/** The controls over HTTP: JSON, without authentication, for loopback only. */
export function createControlRoutes(controls: Controls) {
  const routes: Routes = {
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
    'GET roles': () => jsonAnswer(200, controls.roles()),
    'PUT roles/...': (body, arn) => {
      controls.putRole({ ...roleShape(body, ''), arn })
      return done
    },
    'DELETE roles/...': (_, arn) => {
      controls.removeRole(arn)
      return done
    },
    'PUT permissions/...': (body, accessKeyId) => {
      controls.setPermissions(accessKeyId, permissionsShape(body, 'permissions'))
      return done
    },
    'DELETE permissions/...': (_, accessKeyId) => {
      controls.setPermissions(accessKeyId, undefined)
      return done
    },
  }

  const answerTo = async (request: IncomingMessage, resource: string): Promise<Answer> => {
    const { method = '' } = request
    const body = await readJson(request)
    const [, kind, name = ''] = /^([^/]+)\/(.+)$/.exec(resource) ?? []
    const route = routes[`${method} ${kind === undefined ? resource : `${kind}/...`}`]
    if (route) return route(body, name)
    const { registry, inside } = inRegistry(controls, resource)
    return answerInRegistry(registry, method, inside, body) ?? notFound
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isLoopback(request.socket.remoteAddress)) {
      await send(response, jsonAnswer(403, { message: 'the controls answer to loopback only' }))
      return
    }
    const resource = decodeURIComponent((request.url ?? '').slice(controlPrefix.length))
    try {
      const layer = request.method === 'GET' ? readLayer(controls, resource) : undefined
      if (!layer) return await send(response, await answerTo(request, resource))
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      await pipeline(layer, response)
    } catch (error) {
      if (response.headersSent) throw error
      await send(response, refusal(error))
    }
  }
}

/** `registries/<id or alias>/...` is about that registry, everything else about the sandbox's own. */
function inRegistry(
  controls: Controls,
  resource: string,
): { readonly registry: RegistryControls; readonly inside: string } {
  const [, registryId, inside = ''] = /^registries\/([^/]+)\/(.+)$/.exec(resource) ?? []
  if (registryId === undefined) return { registry: controls, inside: resource }
  return { registry: controls.registry(registryId), inside }
}

function readLayer(controls: Controls, resource: string): AsyncIterable<Buffer> | undefined {
  const { registry, inside } = inRegistry(controls, resource)
  const [, repository, digest] = /^layers\/(.+)\/([^/]+)$/.exec(inside) ?? []
  return repository && digest ? registry.readLayer(repository, digest) : undefined
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
