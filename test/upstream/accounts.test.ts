import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import type { Call } from '../../src/publish/upstream.ts'
import type { Destination, Role } from '../../src/registry/destination.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { type AccountsSettings, createAccounts } from '../../src/upstream/accounts.ts'
import { openSandbox } from '../sandbox/support/open-sandbox.ts'
import { admitLayer, digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { nextTurn } from '../support/next-turn.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { until } from '../support/until.ts'
import { latest, upstreamError } from './setup.ts'
import { setEnvironment } from './support/environment.ts'

const [digest] = [digestOf(layerBytes(1))] as const
const arns = {
  push: 'arn:aws:iam::123456789012:role/push',
  pull: 'arn:aws:iam::123456789012:role/pull',
  other: 'arn:aws:iam::222222222222:role/push',
} as const

function destinationOf(name: string, role?: Role, more: Partial<Destination> = {}): Destination {
  return { name, registry: name, ...(role && { role }), ...more }
}

const own = destinationOf('own')
const acme = destinationOf('acme', { arn: arns.push, externalId: 'acme-1' })
const second = destinationOf('second', { arn: arns.push, externalId: 'acme-1' })
const sibling = destinationOf('sibling', { arn: arns.pull })
const stranger = destinationOf('stranger', { arn: arns.other })

function callTo(destination: Destination, repository = 'team/app'): Call {
  const { signal } = new AbortController()
  return { destination, repository: parseRepositoryName(repository), agent: 'agent', signal }
}

async function openAccounts(t: TestContext, settings: Partial<AccountsSettings> = {}) {
  const sandbox = await openSandbox(t, {
    roles: [{ arn: arns.push, externalId: 'acme-1' }, { arn: arns.pull }, { arn: arns.other }],
  })
  sandbox.registry('222222222222').createRepository('team/app')
  const observer = recordingObserver()
  const endpoint = new URL(sandbox.url)
  const accounts = createAccounts({
    kind: 'sandbox',
    endpoint,
    registryEndpoint: endpoint,
    memoryBytes: 1,
    observer,
    destinations: () => [own, acme, second, sibling, stranger],
    ...settings,
  })
  t.after(() => accounts.close())
  return {
    ...accounts,
    sandbox,
    observer,
    /** What was called, and as whom. */
    calls: () =>
      sandbox
        .calls()
        .map(({ operation, roleArn }) => (roleArn ? `${operation} ${roleArn}` : operation)),
  }
}

/** Nothing is answered, and so often that the account is paused. */
async function pause({ sandbox, unretried }: Awaited<ReturnType<typeof openAccounts>>, of: Call) {
  await unretried.absent(of, [digest])
  const fault = { kind: 'html-503' } as const
  sandbox.addFault({ operation: 'BatchCheckLayerAvailability', call: 'every', fault })
  for (let calls = 0; calls < 5; calls += 1) {
    await assert.rejects(
      unretried.absent(of, [digest]),
      upstreamError('unavailable', 'SyntaxError'),
    )
  }
}

test('nothing is called before a call needs it, and then as the identity of its destination', async (t) => {
  const { unretried, upstream, catalog, calls } = await openAccounts(t)
  assert.deepEqual(calls(), [])
  await unretried.absent(callTo(own), [digest])
  await upstream.absent(callTo(acme), [digest])
  await catalog.layerSizeBytes(callTo(stranger), digest)
  assert.deepEqual(calls(), [
    'BatchCheckLayerAvailability',
    'AssumeRole',
    `BatchCheckLayerAvailability ${arns.push}`,
    'AssumeRole',
    `BatchCheckLayerAvailability ${arns.other}`,
  ])
})

test('destinations of one identity share it: their role is assumed once', async (t) => {
  const { unretried, upstream, catalog, calls } = await openAccounts(t)
  await unretried.absent(callTo(acme), [digest])
  await upstream.absent(callTo(second), [digest])
  await catalog.tags(callTo(second))
  assert.deepEqual(
    calls().filter((call) => call === 'AssumeRole'),
    ['AssumeRole'],
  )
})

test('a role with another external id is another identity', async (t) => {
  const { unretried, sandbox } = await openAccounts(t)
  const thief = destinationOf('thief', { arn: arns.push, externalId: 'guessed' })
  await unretried.absent(callTo(acme), [digest])
  await assert.rejects(unretried.absent(callTo(thief), [digest]), upstreamError('denied'))
  assert.deepEqual(
    sandbox.calls().map(({ operation, roleSessionName }) => [operation, roleSessionName]),
    [
      ['AssumeRole', 'layergate-acme'],
      ['BatchCheckLayerAvailability', undefined],
      ['AssumeRole', 'layergate-thief'],
    ],
  )
})

test('where the role is denied nothing is called as anybody else, and the error names the role', async (t) => {
  const { upstream, catalog, sandbox, calls } = await openAccounts(t)
  sandbox.removeRole(arns.push)
  const denied = (error: unknown) =>
    upstreamError('denied', 'AccessDenied')(error) && String(error).includes(arns.push)
  await assert.rejects(upstream.absent(callTo(acme), [digest]), denied)
  await assert.rejects(upstream.createRepository(callTo(acme)), denied)
  await assert.rejects(catalog.tags(callTo(acme)), denied)
  assert.deepEqual(new Set(calls()), new Set(['AssumeRole']))
})

test('a role that is taken away stops its destination at the next call, and no other', async (t) => {
  const { upstream, sandbox, calls } = await openAccounts(t)
  await upstream.absent(callTo(acme), [digest])
  sandbox.removeRole(arns.push)
  await assert.rejects(upstream.absent(callTo(acme), [digest]), upstreamError('denied'))
  await upstream.absent(callTo(sibling), [digest])
  assert.equal(calls().at(-1), `BatchCheckLayerAvailability ${arns.pull}`)
  assert.equal(calls().includes('BatchCheckLayerAvailability'), false)
})

test('the registry hears the name without the prefix of the destination', async (t) => {
  const stripped = destinationOf('acme', undefined, { stripPrefix: 'acme/' })
  const { upstream, unretried, catalog, sandbox, observer } = await openAccounts(t, {
    destinations: () => [stripped],
  })
  const call = callTo(stripped, 'acme/team/app')
  await unretried.absent(call, [digest])
  await upstream.absent(call, [digest])
  await catalog.layerSizeBytes(call, digest)
  await catalog.manifestHead(call, { kind: 'tag', tag: latest })
  const named = sandbox.calls().flatMap(({ repositoryName }) => repositoryName ?? [])
  assert.deepEqual(new Set(named), new Set(['team/app']))
  assert.equal(named.length, 4)
  for (const event of observer.of('upstream_called')) {
    assert.deepEqual([event.repository, event.agentRepository], ['team/app', 'acme/team/app'])
  }
  const strange = callTo(stripped, 'other/app')
  await assert.rejects(upstream.absent(strange, [digest]), /does not begin with acme/)
})

test('events name the destination of the call', async (t) => {
  const { unretried, observer } = await openAccounts(t)
  await unretried.absent(callTo(acme), [digest])
  await unretried.absent(callTo(second), [digest])
  assert.deepEqual(
    observer.of('upstream_called').map(({ destination }) => destination),
    ['acme', 'second'],
  )
})

test('a pause is that of an account: all destinations in it, and no others', async (t) => {
  const opened = await openAccounts(t)
  const { unretried, sandbox, isPaused, pausedDestinations } = opened
  assert.deepEqual([isPaused(), pausedDestinations()], [false, []])
  await pause(opened, callTo(acme))
  assert.deepEqual([isPaused(), pausedDestinations()], [true, ['acme', 'second', 'sibling']])
  sandbox.clearFaults()
  await assert.rejects(unretried.absent(callTo(sibling), [digest]), upstreamError('unavailable'))
  await unretried.absent(callTo(own), [digest])
  await unretried.absent(callTo(stranger), [digest])
})

test('STS that is down is an outage, and STS that refuses says nothing of the account', async (t) => {
  const { unretried, sandbox, pausedDestinations } = await openAccounts(t)
  sandbox.addFault({ operation: 'AssumeRole', call: 'every', fault: { kind: 'html-503' } })
  for (let calls = 0; calls < 5; calls += 1) {
    await assert.rejects(unretried.absent(callTo(stranger), [digest]), upstreamError('unavailable'))
  }
  assert.deepEqual(pausedDestinations(), ['stranger'])

  sandbox.clearFaults()
  sandbox.removeRole(arns.pull)
  for (let calls = 0; calls < 6; calls += 1) {
    await assert.rejects(unretried.absent(callTo(sibling), [digest]), upstreamError('denied'))
  }
  assert.deepEqual(pausedDestinations(), ['stranger'])
})

test('layers are counted over the accounts that are in use and answer', async (t) => {
  const opened = await openAccounts(t, {
    ratesPerSecond: { InitiateLayerUpload: 30, CompleteLayerUpload: 20 },
  })
  const { unretried, layersPerSecond } = opened
  assert.equal(layersPerSecond(), 20)
  await unretried.absent(callTo(acme), [digest])
  await unretried.absent(callTo(sibling), [digest])
  assert.equal(layersPerSecond(), 20)
  await unretried.absent(callTo(own), [digest])
  await unretried.absent(callTo(stranger), [digest])
  assert.equal(layersPerSecond(), 60)
  await pause(opened, callTo(stranger))
  assert.equal(layersPerSecond(), 40)
})

test('quotas are told of every destination that is configured, before it is used', async (t) => {
  const { quotasPerSecond, calls } = await openAccounts(t, { quotaShare: 0.5 })
  const quotas = quotasPerSecond()
  assert.deepEqual(Object.keys(quotas), ['own', 'acme', 'second', 'sibling', 'stranger'])
  assert.equal(quotas['acme']?.['PutImage'], 5)
  assert.equal(quotas['stranger']?.['UploadLayerPart'], 130)
  assert.deepEqual(calls(), [])
})

test('a throttle slows the destinations of its account, and no others', async (t) => {
  const { unretried, sandbox, quotasPerSecond } = await openAccounts(t)
  const fault = { kind: 'exception', name: 'ThrottlingException' } as const
  sandbox.addFault({ operation: 'BatchCheckLayerAvailability', call: 1, fault })
  await assert.rejects(unretried.absent(callTo(acme), [digest]), upstreamError('throttled'))
  const quotas = quotasPerSecond()
  const rateOf = ({ name }: Destination) => quotas[name]?.['BatchCheckLayerAvailability'] ?? 0
  assert.ok(rateOf(acme) < 150)
  assert.equal(Math.round(rateOf(sibling)), Math.round(rateOf(acme)))
  assert.equal(rateOf(own), 200)
  assert.equal(rateOf(stranger), 200)
})

test('whoever looks on sees each account once, with the destinations that share it', async (t) => {
  const opened = await openAccounts(t)
  await pause(opened, callTo(stranger))
  const told = opened.use().map(({ destinations, isPaused }) => ({ destinations, isPaused }))
  assert.deepEqual(told, [
    { destinations: ['own'], isPaused: false },
    { destinations: ['acme', 'second', 'sibling'], isPaused: false },
    { destinations: ['stranger'], isPaused: true },
  ])
})

test('the memory for parts is one for all accounts', async (t) => {
  const { upstream, sandbox } = await openAccounts(t)
  const spool = createMemorySpool()
  const layer = await admitLayer(spool, createGate(spool), layerBytes(10))
  const range = { firstByte: 0, lastByte: 9 }
  const leaving = new AbortController()
  const first = { ...callTo(acme), signal: leaving.signal }
  const uploads = [await upstream.start(first, layer), await upstream.start(callTo(own), layer)]
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault: { kind: 'stall' } })
  const sent = () => sandbox.calls().filter(({ operation }) => operation === 'UploadLayerPart')

  const stalled = upstream.sendPart(first, uploads[0] ?? assert.fail(), layer, range)
  await until('the first part is sent', () => sent().length === 1)
  const other = upstream.sendPart(callTo(own), uploads[1] ?? assert.fail(), layer, range)
  await nextTurn()
  assert.equal(sent().length, 1)
  leaving.abort(new Error('gone'))
  await assert.rejects(stalled, /gone/)
  await other
  assert.deepEqual(
    sent().map(({ accessKeyId }) => accessKeyId === sandboxCredentials.accessKeyId),
    [false, true],
  )
})

test('after the end no call is made, as an identity that is new either', async (t) => {
  const { unretried, close, calls } = await openAccounts(t)
  await unretried.absent(callTo(own), [digest])
  close()
  for (const destination of [own, acme, stranger]) {
    const closed = upstreamError('unavailable', 'UpstreamClosed')
    await assert.rejects(unretried.absent(callTo(destination), [digest]), closed)
  }
  assert.deepEqual(calls(), ['BatchCheckLayerAvailability'])
})

test('a sandbox without an endpoint has no role', async () => {
  const accounts = createAccounts({
    kind: 'sandbox',
    registryEndpoint: new URL('http://127.0.0.1:1'),
    memoryBytes: 1,
    observer: recordingObserver(),
    destinations: () => [acme],
  })
  await assert.rejects(accounts.unretried.absent(callTo(acme), [digest]), TypeError)
  accounts.close()
})

test('AWS on loopback has its STS in the same place, and the default chain behind it', async (t) => {
  setEnvironment(t, {
    AWS_PROFILE: undefined,
    AWS_SESSION_TOKEN: undefined,
    AWS_ACCESS_KEY_ID: sandboxCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandboxCredentials.secretAccessKey,
  })
  const { unretried, calls } = await openAccounts(t, { kind: 'aws' })
  await unretried.absent(callTo(acme), [digest])
  assert.deepEqual(calls(), ['AssumeRole', `BatchCheckLayerAvailability ${arns.push}`])
})
