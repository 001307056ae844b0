import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { pushLayer } from './support/push.ts'
import {
  openAsRole,
  otherRoleArn,
  roleArn,
  roleCredentials,
  stsCall,
  stsErrorOf,
} from './support/sts.ts'

const denied = (arn = roleArn) => ({
  name: 'AccessDenied',
  message: `User: arn:aws:iam::123456789012:user/${sandboxCredentials.accessKeyId} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
})
const second = { accessKeyId: 'AKIDSECOND', secretAccessKey: 'second-secret' }

test('the credentials of a role push a layer, and the log says whose they are', async (t) => {
  const { sandbox, client } = await openAsRole(t)
  const digest = await pushLayer(client, 'abcd')
  assert.equal(String(await sandbox.layerBytes(repositoryName, digest)), 'abcd')
  const [assumed, ...pushed] = sandbox.calls()
  assert.partialDeepStrictEqual(assumed, {
    operation: 'AssumeRole',
    accessKeyId: sandboxCredentials.accessKeyId,
    assumedRoleArn: roleArn,
    roleSessionName: 'layergate-acme',
    status: 200,
  })
  assert.equal(assumed?.roleArn, undefined)
  assert.deepEqual(
    pushed.map((call) => [call.operation, call.roleArn]),
    ['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload'].map((name) => [
      name,
      roleArn,
    ]),
  )
  const [key, ...others] = new Set(pushed.map(({ accessKeyId }) => accessKeyId))
  assert.match(key ?? '', /^ASIA[0-9A-F]{16}$/)
  assert.deepEqual(others, [])
})

test('neither secret key nor session token stands in the log', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  const { secretAccessKey, sessionToken } = await roleCredentials(sandbox)()
  const client = openClient(t, sandbox, { credentials: roleCredentials(sandbox) })
  await client.describeRegistries()
  const log = JSON.stringify(sandbox.calls())
  assert.ok(sessionToken)
  assert.ok(!log.includes(secretAccessKey) && !log.includes(sessionToken))
})

test('credentials live an hour unless DurationSeconds says otherwise', async (t) => {
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const sandbox = await openSandbox(t, { nowMs: () => nowMs, roles: [{ arn: roleArn }] })
  const hour = await roleCredentials(sandbox, { durationSeconds: 3600 })()
  assert.deepEqual(hour.expiration, new Date(nowMs + 3_600_000))
  const short = await roleCredentials(sandbox, { durationSeconds: 900 })()
  assert.deepEqual(short.expiration, new Date(nowMs + 900_000))
  const { body } = await stsCall(sandbox, {
    Action: 'AssumeRole',
    RoleArn: roleArn,
    RoleSessionName: 'ci',
  })
  const expiration = new Date(nowMs + 3_600_000).toISOString().replace('.000', '')
  assert.ok(body.includes(`<Expiration>${expiration}</Expiration>`), body)
})

test('the switch sessionTtlMs sets the life of a session, and then it is ExpiredTokenException', async (t) => {
  let nowMs = Date.now()
  const { sandbox, client } = await openAsRole(
    t,
    {},
    { nowMs: () => nowMs, switches: { sessionTtlMs: 200_000 } },
  )
  await client.describeRegistries()
  const { expiration } = await roleCredentials(sandbox)()
  assert.equal(expiration?.getTime(), Math.floor((nowMs + 200_000) / 1000) * 1000)
  const credentials = await roleCredentials(sandbox)()
  const held = openClient(t, sandbox, { credentials })
  nowMs += 199_999
  assert.ok(await held.describeRegistries())
  nowMs += 1
  await assert.rejects(held.describeRegistries(), { name: 'ExpiredTokenException' })
  const chained = roleCredentials(sandbox, { source: credentials })
  await assert.rejects(chained(), { name: 'ExpiredToken' })
})

test('the session token must be there, and right', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  const { accessKeyId, secretAccessKey, sessionToken } = await roleCredentials(sandbox)()
  const ask = (token: string | undefined) => {
    const session = token === undefined ? {} : { sessionToken: token }
    const credentials = { accessKeyId, secretAccessKey, ...session }
    return openClient(t, sandbox, { credentials }).describeRegistries()
  }
  assert.ok(await ask(sessionToken))
  for (const wrong of [undefined, `${sessionToken}x`]) {
    await assert.rejects(ask(wrong), { name: 'UnrecognizedClientException' })
  }
})

test('an unknown role is AccessDenied', async (t) => {
  const sandbox = await openSandbox(t)
  await assert.rejects(roleCredentials(sandbox)(), denied())
  assert.partialDeepStrictEqual(sandbox.calls(), [
    { operation: 'AssumeRole', assumedRoleArn: roleArn, status: 403, exception: 'AccessDenied' },
  ])
})

test('a role with an external id wants it, and no other', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn, externalId: 'acme' }] })
  assert.ok(await roleCredentials(sandbox, { externalId: 'acme' })())
  await assert.rejects(roleCredentials(sandbox)(), denied())
  await assert.rejects(roleCredentials(sandbox, { externalId: 'acme2' })(), denied())
})

test('a role without an external id does not mind one', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  assert.ok(await roleCredentials(sandbox, { externalId: 'acme' })())
})

test('a role trusts the access keys that it names', async (t) => {
  const sandbox = await openSandbox(t, {
    credentials: [sandboxCredentials, second],
    roles: [{ arn: roleArn, trustedAccessKeys: [second.accessKeyId] }],
  })
  assert.ok(await roleCredentials(sandbox, { source: second })())
  await assert.rejects(roleCredentials(sandbox)(), denied())
})

test('who is not allowed sts:AssumeRole is denied by every role', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  sandbox.setPermissions(sandboxCredentials.accessKeyId, ['ecr-public:*'])
  await assert.rejects(roleCredentials(sandbox)(), denied())
  sandbox.setPermissions(sandboxCredentials.accessKeyId, ['sts:AssumeRole'])
  assert.ok(await roleCredentials(sandbox)())
})

test('a removed role takes its sessions along, and made again does not bring them back', async (t) => {
  const { sandbox, client } = await openAsRole(t)
  await client.describeRegistries()
  sandbox.removeRole(roleArn)
  const gone = { name: 'UnrecognizedClientException' }
  await assert.rejects(client.describeRegistries(), gone)
  assert.equal(sandbox.calls().at(-1)?.roleArn, roleArn)
  await assert.rejects(roleCredentials(sandbox)(), denied())

  sandbox.putRole({ arn: roleArn })
  await assert.rejects(client.describeRegistries(), gone)
  const anew = openClient(t, sandbox, { credentials: roleCredentials(sandbox) })
  assert.ok(await anew.describeRegistries())
})

test('a changed role keeps its sessions, which may do what it may do now', async (t) => {
  const { sandbox, client } = await openAsRole(t)
  await client.describeRegistries()
  sandbox.putRole({ arn: roleArn, permissions: ['ecr-public:DescribeImages'] })
  await assert.rejects(client.describeRegistries(), { name: 'AccessDeniedException' })
  sandbox.putRole({ arn: roleArn })
  assert.ok(await client.describeRegistries())
})

test('a role assumes another, for an hour at most', async (t) => {
  const sandbox = await openSandbox(t, {
    roles: [
      { arn: roleArn, permissions: ['sts:AssumeRole'] },
      { arn: otherRoleArn, maxSessionSeconds: 7200 },
    ],
  })
  const source = roleCredentials(sandbox)
  const chained = roleCredentials(sandbox, { arn: otherRoleArn, source })
  assert.ok(await openClient(t, sandbox, { credentials: chained }).describeRegistries())
  assert.deepEqual(
    sandbox.calls().map((call) => [call.operation, call.roleArn]),
    [
      ['AssumeRole', undefined],
      ['AssumeRole', roleArn],
      ['DescribeRegistries', otherRoleArn],
    ],
  )
  const long = { arn: otherRoleArn, durationSeconds: 7200 }
  assert.ok(await roleCredentials(sandbox, long)())
  await assert.rejects(roleCredentials(sandbox, { ...long, source })(), {
    name: 'ValidationError',
    message: /1 hour session limit for roles assumed by role chaining/,
  })
})

for (const [what, input, message] of [
  ['a session shorter than 15 minutes', { DurationSeconds: '899' }, /'DurationSeconds'.*900/],
  ['a session longer than 12 hours', { DurationSeconds: '43201' }, /'DurationSeconds'.*43200/],
  ['a session longer than the role allows', { DurationSeconds: '3601' }, /MaxSessionDuration/],
  ['a duration that is no number', { DurationSeconds: '1h' }, /'DurationSeconds'/],
  ['a session name of one character', { RoleSessionName: 'a' }, /'RoleSessionName'/],
  ['a session name with a slash', { RoleSessionName: 'team/app' }, /'RoleSessionName'/],
  ['a session name of 65 characters', { RoleSessionName: 'a'.repeat(65) }, /'RoleSessionName'/],
  ['an external id with a space', { ExternalId: 'acme one' }, /'ExternalId'/],
  ['a role that is no ARN', { RoleArn: 'push' }, /'RoleArn'/],
  ['a session policy', { Policy: '{"Version":"2012-10-17"}' }, /not part of the sandbox/],
  ['a managed session policy', { 'PolicyArns.member.1.arn': 'arn' }, /not part of the sandbox/],
] as const) {
  test(`${what} is ValidationError`, async (t) => {
    const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
    const form = { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'ci' }
    const answer = await stsCall(sandbox, { ...form, ...input })
    assert.deepEqual(stsErrorOf(answer), [400, 'ValidationError'])
    assert.match(answer.body, message)
    assert.equal((await stsCall(sandbox, form)).status, 200)
  })
}

test('a session policy that is no JSON is MalformedPolicyDocument', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  const form = { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'ci', Policy: 'allow' }
  assert.deepEqual(stsErrorOf(await stsCall(sandbox, form)), [400, 'MalformedPolicyDocument'])
})

test('the sandbox starts with no role whose ARN or whose words are wrong', async (t) => {
  for (const role of [
    { arn: 'arn:aws:iam::123456789012:user/push' },
    { arn: 'arn:aws:iam::1234:role/push' },
    { arn: roleArn, permissions: ['PutImage'] },
    { arn: roleArn, registryId: 'sandbox' },
  ]) {
    await assert.rejects(openSandbox(t, { roles: [role] }), { name: 'ShapeError' })
  }
})
