import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createOpenTrade, type TradeRequest } from '../../../src/access/trade.ts'
import { LayergateError } from '../../../src/registry/errors.ts'
import { codeIs } from '../../support/code-is.ts'
import { startOidcIssuer } from '../../support/oidc-issuer.ts'
import {
  agentOf,
  grantOn,
  loginTtlMs,
  policyOf,
  setupCredentials,
} from './support/setup-credentials.ts'

const never = new AbortController().signal
const invalid = codeIs('credentials_invalid')
const grants = [grantOn('acme/app', 'push'), grantOn('acme/base', 'pull')]
const linux = { ...agentOf('linux', 'lg_one'), grants }
const everything = ['repository:acme/app:pull,push', 'repository:acme/base:pull,push']

function requestOf(token: string, more: Partial<TradeRequest> = {}): TradeRequest {
  return { token: () => token, scopes: [], requestId: 'r1', remoteAddress: '10.0.0.1', ...more }
}

function saysNothing(): never {
  throw new LayergateError('credentials_missing', 'Nothing.')
}

function setup() {
  return setupCredentials(policyOf([linux]))
}

async function withIssuer(t: TestContext) {
  const issuer = await startOidcIssuer(t)
  const rule = { name: 'main', matches: () => true, grants, limits: {} }
  return { issuer, ...setupCredentials(policyOf([], [{ ...issuer.inPolicy, rules: [rule] }])) }
}

for (const [what, scopes, expected] of [
  ['all of it', ['repository:acme/app:pull,push'], [['acme/app', ['pull', 'push']]]],
  ['any action', ['repository:acme/app:*'], [['acme/app', ['pull', 'push']]]],
  ['less than granted', ['repository:acme/app:pull'], [['acme/app', ['pull']]]],
  ['more than granted', ['repository:acme/base:pull,push'], [['acme/base', ['pull']]]],
  ['what is not granted', ['repository:acme/base:push'], []],
  ['what nobody may have', ['repository:other/app:pull'], []],
  ['nothing', [], []],
  [
    'two repositories',
    everything,
    [
      ['acme/app', ['pull', 'push']],
      ['acme/base', ['pull']],
    ],
  ],
] as const) {
  test(`who asks for ${what} gets what the policy grants of that`, async () => {
    const { trade, checkToken } = setup()
    const traded = await trade(requestOf('lg_one', { scopes }), never)
    assert.equal(traded.expiresInSeconds, 300)
    assert.equal(traded.refreshToken, undefined)
    const { identity, purpose, scope } = await checkToken(traded.token)
    assert.deepEqual(identity, { kind: 'agent', name: 'linux' })
    assert.equal(purpose, 'access')
    assert.deepEqual(
      [...(scope ?? [])].map(([name, actions]) => [name, [...actions]]),
      expected,
    )
  })
}

test('a run that no rule knows gets a token for nothing', async (t) => {
  const issuer = await startOidcIssuer(t)
  const { trade, checkToken } = setupCredentials(policyOf([], [issuer.inPolicy]))
  const { token } = await trade(requestOf(await issuer.sign(), { scopes: everything }), never)
  assert.deepEqual((await checkToken(token)).scope, new Map())
})

test('a login outlives the token of the run, and no longer than it was made for', async (t) => {
  const { trade, issuer, move } = await withIssuer(t)
  const token = await issuer.sign()
  const { refreshToken = '' } = await trade(requestOf(token, { refresh: 'new' }), never)
  move(2 * 60 * 60_000)
  await assert.rejects(trade(requestOf(token), never), invalid)
  await trade(requestOf(refreshToken, { scopes: everything }), never)
  move(loginTtlMs - 2 * 60 * 60_000)
  await assert.rejects(trade(requestOf(refreshToken), never), invalid)
})

for (const refresh of ['same', 'new'] as const) {
  test(`a login is not traded for the next one, which would never end (${refresh})`, async () => {
    const { trade, move } = setup()
    const { refreshToken = '' } = await trade(requestOf('lg_one', { refresh: 'new' }), never)
    move(60_000)
    const again = await trade(requestOf(refreshToken, { refresh }), never)
    assert.equal(again.refreshToken, refreshToken)
    assert.notEqual(again.token, refreshToken)
  })
}

test('who comes with a refresh token and asks for none gets none', async () => {
  const { trade } = setup()
  const { refreshToken = '' } = await trade(requestOf('lg_one', { refresh: 'new' }), never)
  assert.equal((await trade(requestOf(refreshToken), never)).refreshToken, undefined)
})

test('whatever came as a refresh token goes on being one', async () => {
  const { trade } = setup()
  const { refreshToken } = await trade(requestOf('lg_one', { refresh: 'same' }), never)
  assert.equal(refreshToken, 'lg_one')
})

for (const refresh of [undefined, 'new', 'same'] as const) {
  test(`an access token is traded for nothing (${refresh})`, async () => {
    const { trade, observer } = setup()
    const { token } = await trade(requestOf('lg_one', { scopes: everything }), never)
    const request = requestOf(token, { scopes: everything, ...(refresh && { refresh }) })
    await assert.rejects(trade(request, never), invalid)
    assert.equal(observer.events.length, 1)
  })
}

test('a wrong token is traded for nothing, and nothing is told', async () => {
  const { trade, observer } = setup()
  await assert.rejects(trade(requestOf('wrong'), never), invalid)
  assert.deepEqual(observer.events, [])
})

test('a request without a token fails as its header does', async () => {
  const { trade } = setup()
  await assert.rejects(
    trade({ ...requestOf(''), token: saysNothing }, never),
    codeIs('credentials_missing'),
  )
})

test('what was traded is told', async () => {
  const { trade, observer, checkToken } = setup()
  const { token } = await trade(requestOf('lg_one', { scopes: everything }), never)
  const { tokenId } = await checkToken(token)
  assert.deepEqual(observer.events, [
    {
      type: 'token_traded',
      requestId: 'r1',
      agent: 'linux',
      tokenId,
      gave: 'access',
      granted: ['repository:acme/app:pull,push', 'repository:acme/base:pull'],
      remoteAddress: '10.0.0.1',
    },
  ])
})

test('a login is told with the run that it is for, and found again in what it is traded for', async (t) => {
  const { trade, observer, checkToken, issuer } = await withIssuer(t)
  const token = await issuer.sign({ jti: 'j1', run_id: '7', repository: 'acme/app' })
  const { refreshToken = '' } = await trade(requestOf(token, { refresh: 'new' }), never)
  await trade(requestOf(refreshToken, { refresh: 'same' }), never)
  const [login, use] = observer.of('token_traded')
  const { tokenId } = await checkToken(refreshToken)
  assert.deepEqual(login, {
    type: 'token_traded',
    requestId: 'r1',
    agent: 'ci/main',
    subject: 'repo:acme/app',
    tokenId,
    tradedTokenId: 'j1',
    gave: 'refresh',
    granted: [],
    run: { repository: 'acme/app', run_id: '7' },
    remoteAddress: '10.0.0.1',
  })
  assert.equal(use?.gave, 'access')
  assert.equal(use?.tradedTokenId, tokenId)
  assert.notEqual(use?.tokenId, tokenId)
  assert.deepEqual(use?.run, { repository: 'acme/app', run_id: '7' })
})

test('no event has a token in it', async () => {
  const { trade, observer } = setup()
  const { token, refreshToken = '' } = await trade(requestOf('lg_one', { refresh: 'new' }), never)
  const told = JSON.stringify(observer.events)
  for (const secret of ['lg_one', token, refreshToken]) assert.ok(!told.includes(secret))
})

test('where everybody may do everything, whoever insists on a login gets one', async () => {
  const trade = createOpenTrade()
  const token = 'anonymous'
  const traded = { token, expiresInSeconds: 300 }
  assert.deepEqual(await trade(requestOf('whatever'), never), traded)
  const withLogin = { ...traded, refreshToken: token }
  assert.deepEqual(await trade(requestOf('whatever', { refresh: 'new' }), never), withLogin)
  assert.deepEqual(await trade({ ...requestOf(''), token: saysNothing }, never), traded)
})
