import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClient, openSandbox } from './support/open-sandbox.ts'
import { roleArn, webCredentials } from './support/sts.ts'

const issuer = 'https://oidc.example.com/id/1'
const audience = 'sts.amazonaws.com'
const subject = 'system:serviceaccount:build:layergate'
const nowMs = Date.UTC(2026, 5, 15, 12)
const claims = { iss: issuer, aud: audience, sub: subject, exp: nowMs / 1000 + 1 }
const webIdentity = { issuer, audience, subject }

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')
const tokenOf = (content: object): string =>
  `${base64url({ alg: 'RS256' })}.${base64url(content)}.c2ln`

const denied = {
  name: 'AccessDenied',
  message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
}

test('an OIDC token is traded for the credentials of a role, without a signature', async (t) => {
  const roles = [{ arn: roleArn, webIdentity, trustedAccessKeys: [] }]
  const sandbox = await openSandbox(t, { roles })
  const token = tokenOf({ ...claims, exp: Date.now() })
  const credentials = webCredentials(sandbox, token)
  assert.ok(await openClient(t, sandbox, { credentials }).describeRegistries())
  assert.partialDeepStrictEqual(sandbox.calls(), [
    {
      operation: 'AssumeRoleWithWebIdentity',
      assumedRoleArn: roleArn,
      roleSessionName: 'pod',
      status: 200,
    },
    { operation: 'DescribeRegistries', roleArn, status: 200 },
  ])
  assert.equal(sandbox.calls()[0]?.accessKeyId, undefined)
  assert.ok(!JSON.stringify(sandbox.calls()).includes(token))
})

test('one audience of several is enough, and a role that names no subject takes any', async (t) => {
  const roles = [{ arn: roleArn, webIdentity: { issuer, audience } }]
  const sandbox = await openSandbox(t, { nowMs: () => nowMs, roles })
  const token = tokenOf({ ...claims, aud: ['other', audience], sub: 'other' })
  assert.ok(await webCredentials(sandbox, token)())
})

for (const [what, content, refusal] of [
  ['another issuer', { iss: 'https://other' }, /No OpenIDConnect provider .* https:\/\/other$/],
  ['another audience', { aud: 'other' }, /^Incorrect token audience$/],
  ['no issuer', { iss: undefined }, /^Missing a required claim$/],
  ['no subject', { sub: undefined }, /^Missing a required claim$/],
  ['no expiry', { exp: undefined }, /^Missing a required claim$/],
] as const) {
  test(`a token with ${what} is InvalidIdentityToken`, async (t) => {
    const roles = [{ arn: roleArn, webIdentity }]
    const sandbox = await openSandbox(t, { nowMs: () => nowMs, roles })
    const token = tokenOf({ ...claims, ...content })
    const name = 'InvalidIdentityTokenException'
    await assert.rejects(webCredentials(sandbox, token)(), { name, message: refusal })
    assert.equal(sandbox.calls()[0]?.exception, 'InvalidIdentityToken')
  })
}

test('what is no JWT is InvalidIdentityToken', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn, webIdentity }] })
  for (const token of ['token', 'a.b.c', `${base64url(1)}.${base64url(1)}.c2ln`]) {
    await assert.rejects(webCredentials(sandbox, token)(), {
      name: 'InvalidIdentityTokenException',
    })
  }
})

test('a token whose time is over is ExpiredTokenException', async (t) => {
  const roles = [{ arn: roleArn, webIdentity }]
  const sandbox = await openSandbox(t, { nowMs: () => nowMs, roles })
  assert.ok(await webCredentials(sandbox, tokenOf(claims))())
  const token = tokenOf({ ...claims, exp: nowMs / 1000 })
  await assert.rejects(webCredentials(sandbox, token)(), { name: 'ExpiredTokenException' })
  assert.equal(sandbox.calls().at(-1)?.status, 400)
})

test('another subject, a role without such trust and an unknown role are AccessDenied', async (t) => {
  const plain = 'arn:aws:iam::123456789012:role/plain'
  const unknown = 'arn:aws:iam::123456789012:role/unknown'
  const roles = [{ arn: roleArn, webIdentity }, { arn: plain }]
  const sandbox = await openSandbox(t, { nowMs: () => nowMs, roles })
  const other = tokenOf({ ...claims, sub: 'other' })
  await assert.rejects(webCredentials(sandbox, other)(), denied)
  for (const arn of [plain, unknown]) {
    await assert.rejects(webCredentials(sandbox, tokenOf(claims), arn)(), denied)
  }
})
