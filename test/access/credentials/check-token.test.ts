import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { codeIs } from '../../support/code-is.ts'
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { agentOf, basic, hashOf, policyOf, setupCredentials } from './support/setup-credentials.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
const invalid = codeIs('credentials_invalid')
const linux = agentOf('linux', 'lg_one', 'lg_two')

async function withIssuer(t: TestContext) {
  const issuer: OidcIssuer = await startOidcIssuer(t)
  return { issuer, ...setupCredentials(policyOf([linux], [issuer.inPolicy])) }
}

test('a static token proves its agent, in either form of the header', async () => {
  const { authenticate, ownTokens } = setupCredentials(policyOf([linux]))
  const proof = {
    identity: { kind: 'agent', name: 'linux' },
    mark: ownTokens.markOf(hashOf('lg_two')),
  }
  assert.deepEqual(await authenticate('Bearer lg_two'), proof)
  assert.deepEqual(await authenticate(basic('whoever', 'lg_two')), proof)
})

test('the user name is not the token', async () => {
  const { authenticate } = setupCredentials(policyOf([linux]))
  await assert.rejects(authenticate(basic('lg_two', '')), codeIs('credentials_missing'))
  await assert.rejects(authenticate(basic('lg_two', 'x')), invalid)
})

test("a CI system's token proves its run, in either form of the header", async (t) => {
  const { authenticate, issuer } = await withIssuer(t)
  const token = await issuer.sign()
  for (const header of [`Bearer ${token}`, basic('oauth2', token)]) {
    const { identity } = await authenticate(header)
    assert.equal(identity.kind === 'workload' && identity.subject, 'repo:acme/app')
  }
})

test('a static token may look like that of a CI system', async () => {
  const jwt = [{ alg: 'RS256' }, { iss: 'https://old.example' }, {}]
  const token = jwt.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const { checkToken } = setupCredentials(policyOf([agentOf('old', token)]))
  assert.deepEqual((await checkToken(token)).identity, { kind: 'agent', name: 'old' })
})

test('our own tokens prove whom they were traded for, an access token within its scope', async (t) => {
  const { checkToken, ownTokens, issuer } = await withIssuer(t)
  for (const token of ['lg_one', await issuer.sign()]) {
    const credential = await checkToken(token)
    const { identity, mark } = credential
    const holder = { identity, ...(mark !== undefined && { mark }) }
    const refresh = await ownTokens.issueRefresh(holder)
    assert.deepEqual(await checkToken(refresh.token), {
      ...holder,
      purpose: 'refresh',
      tokenId: refresh.id,
    })
    const scope = new Map([['acme/app', new Set(['pull'] as const)]])
    const access = await ownTokens.issueAccess(holder, scope)
    assert.deepEqual(await checkToken(access.token), {
      ...holder,
      purpose: 'access',
      scope,
      tokenId: access.id,
    })
  }
})

test('what a static token was traded for ends with it, and not with another one', async () => {
  const { checkToken, ownTokens, use } = setupCredentials(policyOf([linux]))
  const tokenOf = async (text: string) =>
    (await ownTokens.issueRefresh(await checkToken(text))).token
  const [one, two] = [await tokenOf('lg_one'), await tokenOf('lg_two')]
  use(policyOf([agentOf('linux', 'lg_two')]))
  await assert.rejects(checkToken(one), invalid)
  await checkToken(two)
})

test('an agent that left the policy is known by its login still, and the policy grants it nothing', async () => {
  const { checkToken, ownTokens, use } = setupCredentials(policyOf([linux]))
  const { token } = await ownTokens.issueRefresh(await checkToken('lg_one'))
  use(policyOf())
  assert.deepEqual((await checkToken(token)).identity, { kind: 'agent', name: 'linux' })
})

test('what a run traded its token for ends when its issuer leaves the policy, or becomes another', async (t) => {
  const { checkToken, ownTokens, issuer, use } = await withIssuer(t)
  const { token } = await ownTokens.issueRefresh(await checkToken(await issuer.sign()))
  await checkToken(token)
  use(policyOf([linux]))
  await assert.rejects(checkToken(token), invalid)
  use(policyOf([linux], [{ ...issuer.inPolicy, issuer: 'https://other.example' }]))
  await assert.rejects(checkToken(token), invalid)
  use(policyOf([linux], [{ ...issuer.inPolicy, name: 'renamed' }]))
  await assert.rejects(checkToken(token), invalid)
  use(policyOf([linux], [issuer.inPolicy]))
  await checkToken(token)
})

test('the same wrong token costs time, a right one never', async (t) => {
  const { checkToken, pausesMs, issuer } = await withIssuer(t)
  const expired = await issuer.sign({ exp: 1 })
  for (let count = 0; count < 3; count += 1) {
    await assert.rejects(checkToken('wrong'), invalid)
    await assert.rejects(checkToken(expired), invalid)
    await checkToken('lg_one')
    await checkToken(await issuer.sign())
  }
  assert.deepEqual(pausesMs, [250, 250, 500, 500])
})

test('a token of ours that has expired is refused, but slows nobody down', async () => {
  const { checkToken, ownTokens, move, pausesMs } = setupCredentials(policyOf([linux]))
  const { token } = await ownTokens.issueAccess(await checkToken('lg_one'), new Map())
  move(900_000)
  for (let count = 0; count < 3; count += 1) await assert.rejects(checkToken(token), invalid)
  assert.deepEqual(pausesMs, [])
})

test('a token that became right costs nothing', async () => {
  const { checkToken, pausesMs, use } = setupCredentials()
  for (let count = 0; count < 2; count += 1) await assert.rejects(checkToken('lg_one'), invalid)
  use(policyOf([linux]))
  await checkToken('lg_one')
  assert.deepEqual(pausesMs, [250])
})

test('errors name no part of a token', async (t) => {
  const { checkToken, issuer } = await withIssuer(t)
  const [header = '', content = '', signature = ''] = (await issuer.sign({ exp: 1 })).split('.')
  for (const token of ['planted-secret', `${header}.${content}.${signature}`]) {
    await assert.rejects(checkToken(token), (error: Error) => {
      const shown = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
      for (const secret of ['planted-secret', content, signature])
        assert.ok(!shown.includes(secret))
      return true
    })
  }
})

test('no change of a single byte of a good token is taken', async (t) => {
  const { checkToken, issuer, ownTokens } = await withIssuer(t)
  const holder = { identity: { kind: 'agent', name: 'linux' } } as const
  const good = [
    await issuer.sign(),
    await issuer.sign({}, { algorithm: 'EdDSA' }),
    (await ownTokens.issueRefresh({ ...holder, mark: ownTokens.markOf(hashOf('lg_one')) })).token,
  ]
  for (const token of good) await checkToken(token)
  const mutation = fc
    .record({
      token: fc.constantFrom(...good),
      at: fc.nat(),
      way: fc.constantFrom('replace', 'insert', 'remove', 'cut', 'append'),
      letter: fc.oneof(
        fc.constantFrom(...letters, '.', '=', '+', '/'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    })
    .map(({ token, at, way, letter }) => {
      const place = at % token.length
      const [before, after] = [token.slice(0, place), token.slice(place)]
      const changed = {
        replace: before + letter + after.slice(1),
        insert: before + letter + after,
        remove: before + after.slice(1),
        cut: before,
        append: token + letter,
      }[way]
      return { token, changed }
    })
    .filter(({ token, changed }) => token !== changed)
  await fc.assert(
    fc.asyncProperty(mutation, async ({ changed }) => {
      await assert.rejects(checkToken(changed), invalid)
    }),
    { numRuns: 500 },
  )
})

test('no other last letter of a signature is taken, though some stand for the same bytes', async (t) => {
  const { checkToken, issuer } = await withIssuer(t)
  const token = await issuer.sign()
  const others = letters
    .map((letter) => token.slice(0, -1) + letter)
    .filter((changed) => changed !== token)
  for (const changed of others) await assert.rejects(checkToken(changed), invalid)
})
