import type { ErrorCode } from '../../../../src/registry/error-table.ts'
import { LayergateError } from '../../../../src/registry/errors.ts'
import { newUploadId } from '../../../../src/registry/upload-id.ts'
import { digestOf, layerBytes } from '../../../support/layers.ts'
import type { Contract } from '../../../support/openapi.ts'
import type { ServiceOptions } from '../../../support/service.ts'
import { agentsWith, asAgent } from '../../../support/two-agents.ts'
import type { Scenario } from './scenario.ts'

const digest = digestOf(layerBytes(1))
const values: Readonly<Record<string, string>> = {
  name: 'team/app',
  id: newUploadId(),
  digest,
  reference: 'v1',
}

/** Of whoever asks, nothing more is found out. */
function refusing(code: ErrorCode): ServiceOptions {
  const identify = () =>
    Promise.reject(new LayergateError(code, 'Nobody knows who it is.', { retryAfterSeconds: 5 }))
  return { access: () => ({ isOpen: false, identify }) }
}

const strangers: ServiceOptions = { access: agentsWith({ other: { push: ['team/other'] } }) }

/** Every operation of `contract` that asks who the caller is, and is answered for that alone. */
export function identityScenarios({ routes }: Contract): readonly Scenario[] {
  const asking = [...routes].filter(([, route]) => / \/(?:v1\/|v2\/|metrics$|$)/.test(route))
  return asking.flatMap(([operation, route]) => {
    const send: Scenario['send'] = async ({ url }) => {
      const [method = '', path = ''] = route.split(' ')
      const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? name)
      const query = path.startsWith('/v1/') ? `?repository=team/app&digest=${digest}` : ''
      const headers = asAgent('other')
      const body = method === 'POST' || method === 'PUT' ? 'a body' : null
      const answer = await fetch(`${url}${filled}${query}`, { method, headers, body })
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    }
    const unknown = { operation, status: 401, send, options: refusing('credentials_invalid') }
    const later = { operation, status: 503, send, options: refusing('issuer_unavailable') }
    const denied = { operation, status: 403, send, options: strangers }
    // Whether this is a registry may be asked by everybody whose credentials are good.
    return route.endsWith(' /v2/') ? [unknown, later] : [unknown, later, denied]
  })
}
