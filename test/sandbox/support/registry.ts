import type { ECRPUBLIC } from '@aws-sdk/client-ecr-public'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/sandbox.ts'
import { openBoth, repositoryName } from './open-sandbox.ts'
import { pushImageLayers } from './push.ts'

/** Where the repository of the tests is behind the registry endpoint. */
export const imagePath = `/v2/sandbox/${repositoryName}`

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Registry {
  readonly sandbox: Sandbox
  readonly client: ECRPUBLIC
  /** With an anonymous token; redirects are not followed. */
  readonly ask: (path: string, asked?: Asked) => Promise<Response>
}

export async function openRegistry(
  t: TestContext,
  options: SandboxOptions = {},
): Promise<Registry> {
  const { sandbox, client } = await openBoth(t, options)
  const token = await fetchToken(sandbox)
  sandbox.clearCalls()
  return {
    sandbox,
    client,
    ask: (path, { method = 'GET', headers = {} } = {}) =>
      fetch(new URL(path, sandbox.url), {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
  }
}

/** A token for user AWS with the password, or an anonymous one. */
export async function fetchToken(sandbox: Sandbox, password?: string): Promise<string> {
  const headers = password === undefined ? {} : { authorization: basic(password) }
  const answer = await fetch(`${sandbox.url}/token/?service=public.ecr.aws&scope=aws`, { headers })
  assert.equal(answer.status, 200)
  const { token } = Object(await answer.json())
  assert.ok(typeof token === 'string')
  return token
}

export const basic = (password: string): string =>
  `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`

/** What GetAuthorizationToken gives, as it stands and decoded. */
export async function logIn(client: ECRPUBLIC) {
  const { authorizationData } = await client.getAuthorizationToken({})
  const authorizationToken = authorizationData?.authorizationToken ?? ''
  const decoded = Buffer.from(authorizationToken, 'base64').toString()
  return { authorizationToken, password: decoded.slice('AWS:'.length) }
}

export async function putImage(client: ECRPUBLIC, imageManifest: string, imageTag?: string) {
  const tag = imageTag === undefined ? {} : { imageTag }
  return client.putImage({ repositoryName, imageManifest, ...tag })
}

/** Pushes an image of one layer and returns its manifest. */
export async function pushImage(client: ECRPUBLIC, layer: string, tag?: string): Promise<string> {
  const manifest = await pushImageLayers(client, layer)
  await putImage(client, manifest, tag)
  return manifest
}

/** Status and code of an answer in the registry's error form. */
export async function errorOf(answer: Response): Promise<readonly [number, unknown]> {
  assert.equal(answer.headers.get('content-type'), 'application/json')
  const { errors } = Object(await answer.json())
  assert.ok(Array.isArray(errors) && errors.length === 1)
  const { code, message } = Object(errors[0])
  assert.equal(typeof message, 'string')
  return [answer.status, code]
}
