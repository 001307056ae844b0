import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { openBoth, openSandbox } from '../support/open-sandbox.ts'
import { basic, errorOf, fetchToken, logIn } from '../support/registry.ts'

const hourMs = 3_600_000

const version = (sandbox: Sandbox, authorization?: string): Promise<Response> =>
  fetch(`${sandbox.url}/v2/`, { headers: authorization === undefined ? {} : { authorization } })

const challengeOf = (sandbox: Sandbox): string =>
  `Bearer realm="${sandbox.url}/token/",service="public.ecr.aws",scope="aws"`

test('without a token the registry answers 401 with a challenge', async (t) => {
  const sandbox = await openSandbox(t)
  for (const path of ['/v2/', '/v2', '/v2/sandbox/team/app/manifests/v1']) {
    const answer = await fetch(`${sandbox.url}${path}`)
    assert.equal(answer.headers.get('www-authenticate'), challengeOf(sandbox))
    assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
    assert.deepEqual(await errorOf(answer), [401, 'UNAUTHORIZED'])
  }
})

test('an anonymous token opens the registry', async (t) => {
  const sandbox = await openSandbox(t)
  const answer = await version(sandbox, `Bearer ${await fetchToken(sandbox)}`)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
  assert.equal(answer.headers.get('www-authenticate'), null)
})

test('a password of GetAuthorizationToken gives a token, with or without the last slash', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const { password } = await logIn(client)
  const token = await fetchToken(sandbox, password)
  assert.notEqual(token, await fetchToken(sandbox, password))
  assert.equal((await version(sandbox, `Bearer ${token}`)).status, 200)
  const headers = { authorization: basic(password) }
  assert.equal((await fetch(`${sandbox.url}/token?scope=aws`, { headers })).status, 200)
})

test('what GetAuthorizationToken gives is a bearer token itself, encoded or not', async (t) => {
  const { sandbox, client } = await openBoth(t)
  for (const bearer of Object.values(await logIn(client))) {
    assert.equal((await version(sandbox, `Bearer ${bearer}`)).status, 200)
  }
})

test('Basic credentials do not open the registry', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const answer = await version(sandbox, basic((await logIn(client)).password))
  assert.equal(answer.headers.get('www-authenticate'), challengeOf(sandbox))
  assert.deepEqual(await errorOf(answer), [401, 'UNAUTHORIZED'])
})

test('a false token is answered 400 DENIED without a challenge', async (t) => {
  const sandbox = await openSandbox(t)
  const token = await fetchToken(sandbox)
  const other = await fetchToken(await openSandbox(t))
  for (const bearer of [other, `${token}.more`, `x${token}`, '', 'false']) {
    const answer = await version(sandbox, `Bearer ${bearer}`)
    assert.equal(answer.headers.get('www-authenticate'), null)
    assert.deepEqual(await errorOf(answer), [400, 'DENIED'])
  }
})

test('refusedTokenStatus is the status for a false token, and 401 has the challenge', async (t) => {
  const sandbox = await openSandbox(t, { switches: { refusedTokenStatus: 403 } })
  const forbidden = await version(sandbox, 'Bearer false')
  assert.equal(forbidden.headers.get('www-authenticate'), null)
  assert.deepEqual(await errorOf(forbidden), [403, 'DENIED'])
  sandbox.setSwitches({ refusedTokenStatus: 401 })
  const unauthorized = await version(sandbox, 'Bearer false')
  assert.equal(unauthorized.headers.get('www-authenticate'), challengeOf(sandbox))
  assert.deepEqual(await errorOf(unauthorized), [401, 'UNAUTHORIZED'])
})

test('a token lives one hour, or as long as tokenTtlMs says', async (t) => {
  let nowMs = Date.now()
  const sandbox = await openSandbox(t, { nowMs: () => nowMs })
  const authorization = `Bearer ${await fetchToken(sandbox)}`
  nowMs += hourMs - 1
  assert.equal((await version(sandbox, authorization)).status, 200)
  nowMs += 1
  assert.deepEqual(await errorOf(await version(sandbox, authorization)), [400, 'DENIED'])
  sandbox.setSwitches({ tokenTtlMs: 2 * hourMs })
  assert.equal((await version(sandbox, authorization)).status, 200)
})

test('a password lives twelve hours, as a bearer token and for the token endpoint', async (t) => {
  let nowMs = Date.now()
  const { sandbox, client } = await openBoth(t, { nowMs: () => nowMs })
  const { password } = await logIn(client)
  nowMs += 12 * hourMs - 1
  assert.equal((await version(sandbox, `Bearer ${password}`)).status, 200)
  assert.ok(await fetchToken(sandbox, password))
  nowMs += 1
  assert.deepEqual(await errorOf(await version(sandbox, `Bearer ${password}`)), [400, 'DENIED'])
  const headers = { authorization: basic(password) }
  const renewal = await fetch(`${sandbox.url}/token/`, { headers })
  assert.deepEqual(await errorOf(renewal), [400, 'DENIED'])
})

test('the token endpoint refuses what is no password, a token included', async (t) => {
  const sandbox = await openSandbox(t)
  const token = await fetchToken(sandbox)
  for (const authorization of [basic('false'), basic(token), `Bearer ${token}`]) {
    const answer = await fetch(`${sandbox.url}/token/`, { headers: { authorization } })
    assert.deepEqual(await errorOf(answer), [400, 'DENIED'])
  }
})

test('the life of a token is told only where tokenExpiresIn says so', async (t) => {
  const sandbox = await openSandbox(t)
  const members = async () => Object(await (await fetch(`${sandbox.url}/token/`)).json())
  assert.deepEqual(Object.keys(await members()), ['token'])
  sandbox.setSwitches({ tokenExpiresIn: 'present' })
  assert.equal((await members()).expires_in, 3600)
})

test('a token is asked for with GET, not with a form', async (t) => {
  const sandbox = await openSandbox(t)
  const body = new URLSearchParams({ grant_type: 'password' })
  const answer = await fetch(`${sandbox.url}/token/`, { method: 'POST', body })
  assert.deepEqual(await errorOf(answer), [405, 'UNSUPPORTED'])
})
