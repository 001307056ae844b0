import { repositoryName } from './inputs.ts'
import type { RegistryControls } from './registry-controls.ts'
import { structure } from './shapes.ts'
import { type Answer, jsonAnswer } from './wire.ts'

const newRepository = structure.exact({ repositoryName }, {})
const done = jsonAnswer(200, {})

/** The controls of one registry. Undefined where there is no such resource. */
export function answerInRegistry(
  registry: RegistryControls,
  method: string,
  resource: string,
  body: unknown,
): Answer | undefined {
  const [kind, ...rest] = resource.split('/')
  switch (`${method} ${rest.length === 0 ? resource : `${kind}/...`}`) {
    case 'GET state':
      return jsonAnswer(200, registry.state())
    case 'DELETE unreferenced-layers':
      registry.dropUnreferencedLayers()
      return done
    case 'POST repositories':
      registry.createRepository(newRepository(body, '').repositoryName)
      return jsonAnswer(201, {})
    case 'DELETE repositories/...':
      registry.removeRepository(rest.join('/'))
      return done
    case 'DELETE layers/...':
      registry.removeLayer(rest.slice(0, -1).join('/'), rest.at(-1) ?? '')
      return done
    default:
      return undefined
  }
}
