import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openClient, openSandbox } from './support/open-sandbox.ts'
import { rawCall } from './support/raw-call.ts'
import {
  otherAccountId,
  otherRoleArn,
  roleArn,
  roleCredentials,
  stsCall,
  stsErrorOf,
} from './support/sts.ts'

const whoAmI = { Action: 'GetCallerIdentity' }
const minuteMs = 60_000

test('GetCallerIdentity names a user with the account', async (t) => {
  const sandbox = await openSandbox(t)
  const { status, headers, body } = await stsCall(sandbox, whoAmI)
  assert.deepEqual([status, headers['content-type']], [200, 'text/xml'])
  const requestId = sandbox.calls()[0]?.requestId
  assert.equal(headers['x-amzn-requestid'], requestId)
  const userId = /<UserId>(AIDA[0-9A-F]{16})<\/UserId>/.exec(body)?.[1]
  assert.ok(userId)
  assert.equal(
    body,
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      `<Arn>arn:aws:iam::123456789012:user/${sandboxCredentials.accessKeyId}</Arn>` +
      `<UserId>${userId}</UserId><Account>123456789012</Account></GetCallerIdentityResult>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>\n`,
  )
})

test('GetCallerIdentity names the session of a role, without its path, whatever it may do', async (t) => {
  const roles = [{ arn: roleArn, permissions: [] }, { arn: otherRoleArn }]
  const sandbox = await openSandbox(t, { roles })
  for (const [arn, account] of [
    [roleArn, '123456789012'],
    [otherRoleArn, otherAccountId],
  ] as const) {
    const { sessionToken = '', ...keys } = await roleCredentials(sandbox, { arn })()
    const headers = { 'x-amz-security-token': sessionToken }
    const { body } = await stsCall(sandbox, whoAmI, { ...keys, headers })
    const session = `arn:aws:sts::${account}:assumed-role/push/layergate-acme`
    assert.ok(body.includes(`<Arn>${session}</Arn>`), body)
    assert.match(body, /<UserId>AROA[0-9A-F]{16}:layergate-acme<\/UserId>/)
    assert.ok(body.includes(`<Account>${account}</Account>`))
  }
})

test('a call that nobody signed is MissingAuthenticationToken, in the form of the query protocol', async (t) => {
  const sandbox = await openSandbox(t)
  const body = new URLSearchParams({ ...whoAmI, Version: '2011-06-15' })
  const answer = await fetch(sandbox.url, { method: 'POST', body })
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [403, 'text/xml'])
  assert.equal(
    await answer.text(),
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      '<Code>MissingAuthenticationToken</Code><Message>Missing Authentication Token</Message></Error>' +
      `<RequestId>${answer.headers.get('x-amzn-requestid')}</RequestId></ErrorResponse>\n`,
  )
})

for (const [what, call, expected] of [
  ['an unknown access key', { accessKeyId: 'AKIDOTHER' }, [403, 'InvalidClientTokenId']],
  ['a wrong secret key', { secretAccessKey: 'other' }, [403, 'SignatureDoesNotMatch']],
  ['another kind of Authorization', { authorization: 'Bearer a' }, [400, 'IncompleteSignature']],
  [
    'a body that was changed',
    { sentBody: 'Action=GetCallerIdentity&Version=2011-06-15&a=1' },
    [403, 'SignatureDoesNotMatch'],
  ],
  ['a clock that is late', { atMs: Date.now() - 6 * minuteMs }, [403, 'SignatureDoesNotMatch']],
] as const) {
  test(`${what} is ${expected[1]}`, async (t) => {
    const sandbox = await openSandbox(t)
    assert.deepEqual(stsErrorOf(await stsCall(sandbox, whoAmI, call)), expected)
    assert.equal(sandbox.calls()[0]?.exception, expected[1])
  })
}

test('STS is signed for STS, and the JSON API for ECR Public', async (t) => {
  const sandbox = await openSandbox(t)
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  const ecr = { scope: `${today}/us-east-1/ecr-public/aws4_request` }
  assert.equal(stsErrorOf(await stsCall(sandbox, whoAmI, ecr))[1], 'SignatureDoesNotMatch')
  const sts = { scope: `${today}/us-east-1/sts/aws4_request` }
  assert.equal((await rawCall(sandbox, sts)).type, 'InvalidSignatureException')
})

test('STS is signed for us-east-1 whatever the region of the JSON API', async (t) => {
  const sandbox = await openSandbox(t, { switches: { region: 'us-west-2' } })
  assert.equal((await stsCall(sandbox, whoAmI)).status, 200)
})

for (const form of [{ Action: 'GetSessionToken' }, { Action: '' }, { ...whoAmI, Version: '1' }]) {
  test(`the form ${JSON.stringify(form)} is InvalidAction`, async (t) => {
    const answer = await stsCall(await openSandbox(t), form)
    assert.deepEqual(stsErrorOf(answer), [400, 'InvalidAction'])
  })
}

test('what comes back in a message is escaped', async (t) => {
  const sandbox = await openSandbox(t)
  const { body } = await stsCall(sandbox, { Action: '<&>' })
  assert.ok(body.includes('Could not find operation &lt;&amp;&gt; for version'), body)
})

test('the actions of STS take faults', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  const forced = { kind: 'exception', name: 'AccessDenied', status: 403, message: 'no' } as const
  sandbox.addFaults([
    { operation: 'AssumeRole', call: 1, fault: forced },
    { operation: 'AssumeRole', call: 2, fault: { kind: 'reset-before-storing' } },
    { operation: 'AssumeRole', call: 3, fault: { kind: 'html-503' } },
    { operation: 'AssumeRole', call: 4, fault: { kind: 'expired-credentials' } },
  ])
  const assume = roleCredentials(sandbox)
  await assert.rejects(assume(), { name: 'AccessDenied', message: 'no' })
  await assert.rejects(assume(), { code: 'ECONNRESET' })
  await assert.rejects(assume())
  await assert.rejects(assume(), { name: 'ExpiredToken' })
  assert.ok(await assume())
  assert.deepEqual(
    sandbox.calls().map(({ status, exception }) => [status, exception]),
    [
      [403, 'AccessDenied'],
      [null, undefined],
      [503, undefined],
      [403, 'ExpiredToken'],
      [200, undefined],
    ],
  )
})

test('expired credentials can be those of one session', async (t) => {
  const sandbox = await openSandbox(t, { roles: [{ arn: roleArn }] })
  const credentials = await roleCredentials(sandbox)()
  const { accessKeyId } = credentials
  const fault = { kind: 'expired-credentials', accessKeyId } as const
  sandbox.addFault({ operation: '*', call: 'every', fault })
  const session = openClient(t, sandbox, { credentials })
  await assert.rejects(session.describeRegistries(), { name: 'ExpiredTokenException' })
  assert.ok(await openClient(t, sandbox).describeRegistries())
})
