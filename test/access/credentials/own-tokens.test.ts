import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import type { Holder } from '../../../src/access/credentials/own-token.ts'
import { createOwnTokens } from '../../../src/access/credentials/own-tokens.ts'
import { unverifiedJwt } from '../../../src/access/credentials/unverified-jwt.ts'
import { workloadClaims } from '../../../src/access/credentials/workload-claims.ts'
import type { Scope } from '../../../src/access/identity.ts'
import { codeIs } from '../../support/code-is.ts'
import { hashOf, loginTtlMs, setupCredentials } from './support/setup-credentials.ts'

const agent: Holder = { identity: { kind: 'agent', name: 'linux' }, mark: 'm' }
const workload: Holder = {
  identity: {
    kind: 'workload',
    issuer: 'github',
    subject: 'repo:acme/app',
    claims: { ref: 'main', iss: 'https://ci.example' },
  },
}
const scope: Scope = new Map([
  ['acme/app', new Set(['pull', 'push'] as const)],
  ['acme/base', new Set(['pull'] as const)],
])

for (const holder of [agent, workload]) {
  test(`an access token gives back the ${holder.identity.kind} and the scope`, async () => {
    const { ownTokens } = setupCredentials()
    const { token, id } = await ownTokens.issueAccess(holder, scope)
    assert.deepEqual(await ownTokens.read(token), { ...holder, purpose: 'access', id, scope })
  })

  test(`a refresh token gives back the ${holder.identity.kind}, and has no scope`, async () => {
    const { ownTokens } = setupCredentials()
    const { token, id } = await ownTokens.issueRefresh(holder)
    assert.deepEqual(await ownTokens.read(token), { ...holder, purpose: 'refresh', id })
  })
}

test('a scope without a repository is one, and not none', async () => {
  const { ownTokens } = setupCredentials()
  const { token } = await ownTokens.issueAccess(agent, new Map())
  assert.deepEqual((await ownTokens.read(token))?.scope, new Map())
})

test('an access token is taken for ten minutes longer than the five that are told', async () => {
  const { ownTokens, move } = setupCredentials()
  const { token } = await ownTokens.issueAccess(agent, scope)
  move(899_999)
  assert.ok(await ownTokens.read(token))
  move(1)
  assert.equal(await ownTokens.read(token), undefined)
})

test('a refresh token ends when the login does', async () => {
  const { ownTokens, move } = setupCredentials()
  const { token } = await ownTokens.issueRefresh(agent)
  move(loginTtlMs - 1)
  assert.ok(await ownTokens.read(token))
  move(1)
  assert.equal(await ownTokens.read(token), undefined)
})

test('each has an id of its own', async () => {
  const { ownTokens } = setupCredentials()
  const issued = await Promise.all([
    ownTokens.issueAccess(agent, scope),
    ownTokens.issueAccess(agent, scope),
    ownTokens.issueRefresh(agent),
  ])
  assert.equal(new Set(issued.map(({ id }) => id)).size, 3)
})

test('they are known by what they say, and others are not', async () => {
  const { ownTokens } = setupCredentials()
  const isOurs = (token: string) => {
    const jwt = unverifiedJwt(token)
    return jwt !== undefined && ownTokens.isOurs(jwt)
  }
  assert.ok(isOurs((await ownTokens.issueAccess(agent, scope)).token))
  const other = new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer('urn:other')
  assert.ok(!isOurs(await other.sign(Buffer.alloc(32))))
})

/** As ours would be, but for what is given. */
async function forged(
  content: object,
  { alg = 'HS256', key = setupCredentials().key, name = 'urn:layergate', seconds = 300 } = {},
): Promise<string> {
  const { now } = setupCredentials()
  const full = { purpose: 'refresh', identity: agent.identity, ...content }
  return new SignJWT(full)
    .setProtectedHeader({ alg })
    .setIssuer('urn:layergate')
    .setAudience(name)
    .setJti('id')
    .setIssuedAt(now())
    .setExpirationTime(Math.floor(now().getTime() / 1000) + seconds)
    .sign(key)
}

test('what this file forges would be taken if it were right', async () => {
  const { ownTokens } = setupCredentials()
  assert.equal((await ownTokens.read(await forged({})))?.purpose, 'refresh')
})

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const otherKey = createSecretKey(Buffer.alloc(32, 8))
const { key: ourKey } = setupCredentials()
for (const [what, token] of [
  ['signed with another key', () => forged({}, { key: otherKey })],
  ['signed with RSA', () => forged({}, { key: rsa, alg: 'RS256' })],
  ['signed with HS512', () => forged({}, { key: ourKey, alg: 'HS512' })],
  ['for another audience', () => forged({}, { name: 'urn:other' })],
  [
    'that has expired, and was signed with another key',
    () => forged({}, { seconds: 0, key: otherKey }),
  ],
  ['for an unknown purpose', () => forged({ purpose: 'session' })],
  ['without an identity', () => forged({ identity: undefined })],
  ['whose agent has no name', () => forged({ identity: { kind: 'agent' } })],
  ['of an unknown kind', () => forged({ identity: { kind: 'root', name: 'linux' } })],
  [
    'whose claims are no strings',
    () => forged({ identity: { ...workload.identity, claims: { ref: 1 } } }),
  ],
  ['for access, without a scope', () => forged({ purpose: 'access' })],
  ['with an unknown action', () => forged({ purpose: 'access', scope: [['a/b', ['delete']]] })],
  ['without a signature', () => forged({}).then((text) => text.replace(/[^.]+$/, ''))],
] as const) {
  test(`a token ${what} is none of ours`, async () => {
    const { ownTokens } = setupCredentials()
    await assert.rejects(ownTokens.read(await token()), codeIs('credentials_invalid'))
  })
}

test('a token that is not signed at all is none of ours', async () => {
  const { ownTokens } = setupCredentials()
  const { token } = await ownTokens.issueRefresh(agent)
  const [, content] = token.split('.')
  const header = Buffer.from('{"alg":"none"}').toString('base64url')
  const unsigned = `${header}.${content}.`
  await assert.rejects(ownTokens.read(unsigned), codeIs('credentials_invalid'))
})

test('a mark tells tokens apart, is the same tomorrow, and needs the key', () => {
  const { ownTokens, key, now } = setupCredentials()
  const again = createOwnTokens({ key, loginTtlMs: 1, now })
  const other = createOwnTokens({ key: otherKey, loginTtlMs, now })
  const mark = ownTokens.markOf(hashOf('one'))
  assert.equal(again.markOf(hashOf('one')), mark)
  assert.notEqual(ownTokens.markOf(hashOf('two')), mark)
  assert.notEqual(other.markOf(hashOf('one')), mark)
  assert.ok(!hashOf('one').includes(mark))
})

test("what GitHub says of a run fits into a token of less than 8 KiB, and the largest claims into Node's 16 KiB", async () => {
  const { ownTokens } = setupCredentials()
  const sizeOf = async (payload: object, asked: Scope) => {
    const claims = workloadClaims({ ...payload })
    assert.ok(claims)
    const identity = {
      kind: 'workload',
      issuer: 'github',
      subject: 'x'.repeat(300),
      claims,
    } as const
    return (await ownTokens.issueAccess({ identity }, asked)).token.length
  }
  const github = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`claim_${i}`, 'x'.repeat(80)]),
  )
  assert.ok((await sizeOf(github, scope)) < 8 * 1024)

  const largest = Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [`c${i}`, 'x'.repeat(1000)]),
  )
  const names = Array.from({ length: 20 }, (_, i) => `${'n'.repeat(200)}${i}`)
  const widest = new Map(names.map((name) => [name, new Set(['pull', 'push'] as const)]))
  assert.ok((await sizeOf(largest, widest)) < 15 * 1024)
})
