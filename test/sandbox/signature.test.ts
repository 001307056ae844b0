import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openClient, openSandbox } from './support/open-sandbox.ts'
import { rawCall } from './support/raw-call.ts'

const minuteMs = 60_000

test('a call that the AWS SDK signed is answered', async (t) => {
  const sandbox = await openSandbox(t)
  const { registries } = await openClient(t, sandbox).describeRegistries()
  assert.equal(registries?.length, 1)
})

test('the few headers that botocore signs are enough', async (t) => {
  const sandbox = await openSandbox(t)
  assert.equal((await rawCall(sandbox)).status, 200)
})

test('the spaces inside of a signed header are folded before it is signed', async (t) => {
  const sandbox = await openSandbox(t)
  const signed = ['host', 'x-amz-date', 'x-amz-target', 'x-note']
  const folded = await rawCall(sandbox, { signed, headers: { 'x-note': 'a b' } })
  assert.equal(folded.status, 200)
  const unfolded = await rawCall(sandbox, { signed, headers: { 'x-note': 'a   b' } })
  assert.equal(unfolded.type, 'InvalidSignatureException')
})

test('a call without an Authorization header is MissingAuthenticationTokenException', async (t) => {
  const answer = await rawCall(await openSandbox(t), { authorization: null })
  assert.deepEqual([answer.status, answer.type], [400, 'MissingAuthenticationTokenException'])
})

test('another kind of Authorization is IncompleteSignatureException', async (t) => {
  const answer = await rawCall(await openSandbox(t), { authorization: 'Bearer token' })
  assert.deepEqual([answer.status, answer.type], [400, 'IncompleteSignatureException'])
})

test('an unknown access key is UnrecognizedClientException', async (t) => {
  const answer = await rawCall(await openSandbox(t), { accessKeyId: 'AKIDOTHER' })
  assert.deepEqual([answer.status, answer.type], [400, 'UnrecognizedClientException'])
})

test('a wrong secret key is InvalidSignatureException', async (t) => {
  const answer = await rawCall(await openSandbox(t), { secretAccessKey: 'other' })
  assert.deepEqual([answer.status, answer.type], [400, 'InvalidSignatureException'])
})

for (const scope of [
  '20260101/us-east-1/ecr-public/aws4_request',
  'DATE/eu-west-1/ecr-public/aws4_request',
  'DATE/us-east-1/ecr/aws4_request',
  'DATE/us-east-1/ecr-public/aws4',
]) {
  test(`the scope ${scope} is InvalidSignatureException`, async (t) => {
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    const sandbox = await openSandbox(t)
    const answer = await rawCall(sandbox, { scope: scope.replace('DATE', today) })
    assert.deepEqual([answer.status, answer.type], [400, 'InvalidSignatureException'])
  })
}

test('the endpoint of another region wants its own region in the scope', async (t) => {
  const sandbox = await openSandbox(t, { switches: { region: 'us-west-2' } })
  const elsewhere = openClient(t, sandbox, { region: 'us-east-1' })
  await assert.rejects(elsewhere.describeRegistries(), { name: 'InvalidSignatureException' })
  const there = openClient(t, sandbox, { region: 'us-west-2' })
  assert.equal((await there.describeRegistries()).registries?.length, 1)
})

for (const unsigned of ['host', 'x-amz-date', 'x-amz-target']) {
  test(`a signature that leaves ${unsigned} out is InvalidSignatureException`, async (t) => {
    const signed = ['host', 'x-amz-date', 'x-amz-target'].filter((name) => name !== unsigned)
    const answer = await rawCall(await openSandbox(t), { signed })
    assert.equal(answer.type, 'InvalidSignatureException')
    assert.match(answer.body, new RegExp(`'${unsigned}' must be a signed header`))
  })
}

test('x-amz-content-sha256 must be signed where it is sent, and true', async (t) => {
  const sandbox = await openSandbox(t)
  const emptyObject = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
  const signed = ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-target']
  const call = { body: '{}', headers: { 'x-amz-content-sha256': emptyObject } }
  assert.equal((await rawCall(sandbox, { ...call, signed })).status, 200)
  assert.equal((await rawCall(sandbox, call)).type, 'InvalidSignatureException')
  const other = await rawCall(sandbox, { ...call, signed, body: '{ }' })
  assert.equal(other.type, 'InvalidSignatureException')
})

test('a body that changed after it was signed is InvalidSignatureException', async (t) => {
  const answer = await rawCall(await openSandbox(t), { body: '{}', sentBody: '[]' })
  assert.equal(answer.type, 'InvalidSignatureException')
})

test('a clock that is off by less than five minutes passes, either way', async (t) => {
  const nowMs = Date.UTC(2026, 5, 15, 12)
  const sandbox = await openSandbox(t, { nowMs: () => nowMs })
  for (const skewMs of [-5 * minuteMs, 5 * minuteMs]) {
    assert.equal((await rawCall(sandbox, { atMs: nowMs + skewMs })).status, 200)
  }
})

test('a clock that is off by more than five minutes is InvalidSignatureException', async (t) => {
  const nowMs = Date.UTC(2026, 5, 15, 12)
  const sandbox = await openSandbox(t, { nowMs: () => nowMs })
  const late = await rawCall(sandbox, { atMs: nowMs - 5 * minuteMs - 1000 })
  assert.equal(late.type, 'InvalidSignatureException')
  assert.match(late.body, /Signature expired: 20260615T115459Z is now earlier than/)
  const early = await rawCall(sandbox, { atMs: nowMs + 5 * minuteMs + 1000 })
  assert.equal(early.type, 'InvalidSignatureException')
  assert.match(early.body, /Signature not yet current: 20260615T120501Z is still later than/)
})

test('temporary credentials need their session token', async (t) => {
  const credentials = { ...sandboxCredentials, sessionToken: 'session' }
  const sandbox = await openSandbox(t, { credentials })
  const client = openClient(t, sandbox, { credentials })
  assert.equal((await client.describeRegistries()).registries?.length, 1)

  const answer = (token: string) => rawCall(sandbox, { headers: { 'x-amz-security-token': token } })
  assert.equal((await answer('session')).status, 200)
  assert.equal((await answer('other')).type, 'UnrecognizedClientException')
  assert.equal((await rawCall(sandbox)).type, 'UnrecognizedClientException')
})

test('a session token beside credentials that have none is UnrecognizedClientException', async (t) => {
  const headers = { 'x-amz-security-token': 'session' }
  const answer = await rawCall(await openSandbox(t), { headers })
  assert.equal(answer.type, 'UnrecognizedClientException')
})

test('the session token must be signed', async (t) => {
  const sandbox = await openSandbox(t, {
    credentials: { ...sandboxCredentials, sessionToken: 'session' },
  })
  const answer = await rawCall(sandbox, {
    headers: { 'x-amz-security-token': 'session' },
    signed: ['host', 'x-amz-date', 'x-amz-target'],
  })
  assert.equal(answer.type, 'InvalidSignatureException')
})

test('credentials that have expired are ExpiredTokenException', async (t) => {
  let nowMs = Date.UTC(2026, 5, 15, 12)
  const sandbox = await openSandbox(t, {
    nowMs: () => nowMs,
    credentials: { ...sandboxCredentials, expiresAtMs: nowMs + minuteMs },
  })
  assert.equal((await rawCall(sandbox, { atMs: nowMs })).status, 200)
  nowMs += minuteMs
  const answer = await rawCall(sandbox, { atMs: nowMs })
  assert.deepEqual([answer.status, answer.type], [400, 'ExpiredTokenException'])
})

test('any of several credentials signs, each with its own secret', async (t) => {
  const second = { accessKeyId: 'AKIDSECOND', secretAccessKey: 'second-secret' }
  const sandbox = await openSandbox(t, { credentials: [sandboxCredentials, second] })
  assert.equal((await rawCall(sandbox)).status, 200)
  assert.equal((await rawCall(sandbox, second)).status, 200)
  const mixed = await rawCall(sandbox, { accessKeyId: 'AKIDSECOND' })
  assert.equal(mixed.type, 'InvalidSignatureException')
})
