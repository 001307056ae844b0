import { fileURLToPath } from 'node:url'
import type { ServiceOptions } from '../../../support/service.ts'
import { type Scenario, sendSilently } from './scenario.ts'

const policy = fileURLToPath(new URL('../../../support/policies/basic.yaml', import.meta.url))
const options: ServiceOptions = { env: { LAYERGATE_POLICY: policy } }
const form = 'application/x-www-form-urlencoded'

const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
/** Of an issuer whose keys cannot be had. */
const unknown = `${json({ alg: 'RS256', kid: '1' })}.${json({ iss: 'https://issuer.example', aud: 'layergate', sub: 'someone' })}.AAAA`

const ask = (init: RequestInit) => async (service: { readonly url: string }) => {
  const answer = await fetch(`${service.url}/token?scope=repository:team/app:pull,push`, init)
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}
const get = (token: string) =>
  ask({ headers: { authorization: `Basic ${Buffer.from(`user:${token}`).toString('base64')}` } })
const post = (fields: Readonly<Record<string, string>>, type = form) =>
  ask({
    method: 'POST',
    headers: { 'content-type': type },
    body: new URLSearchParams(fields).toString(),
  })
const login = (password: string) => post({ grant_type: 'password', username: 'user', password })

/** One way to see each answer of `/token`. */
export const tokenScenarios: readonly Scenario[] = [
  { operation: 'getToken', status: 200, send: get('builder-token'), options },
  { operation: 'getToken', status: 401, send: get('another-token'), options },
  { operation: 'getToken', status: 503, send: get(unknown), options },
  { operation: 'postToken', status: 200, send: login('builder-token'), options },
  { operation: 'postToken', status: 400, send: post({ grant_type: 'none' }), options },
  { operation: 'postToken', status: 401, send: login('another-token'), options },
  {
    operation: 'postToken',
    status: 408,
    send: (service) => sendSilently(service, 'POST /token', `Content-Type: ${form}\r\n`),
    options: { env: { ...options.env, LAYERGATE_UPLOAD_IDLE: '100ms' } },
  },
  {
    operation: 'postToken',
    status: 413,
    send: post({ grant_type: 'password', password: 'a'.repeat(100_000) }),
    options,
  },
  { operation: 'postToken', status: 415, send: post({}, 'application/json'), options },
  { operation: 'postToken', status: 503, send: login(unknown), options },
]
