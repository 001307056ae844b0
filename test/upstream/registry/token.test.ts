import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { UpstreamError } from '../../../src/publish/upstream-error.ts'
import { pushImage } from '../../sandbox/support/registry.ts'
import { until } from '../../support/until.ts'
import { upstreamError } from '../setup.ts'
import {
  byDigest,
  type CatalogOptions,
  callWith,
  openCatalog,
  openCatalogOf,
  tag,
} from './setup.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
// With an alias no other call is needed before the first read.
const destination = { registryId: 'sandbox' }
const call = callWith({ destination })
const expired = { kind: 'expired-credentials' } as const
const listed = (times: number) => Array.from({ length: times }, () => 'ListTags')
const denied = (message: string) =>
  ({ kind: 'exception', name: 'AccessDeniedException', message }) as const

/** A catalog that has a token of twelve hours, on clocks that only a test moves. */
async function openWithToken(t: TestContext, options: CatalogOptions = {}) {
  const startedAtMs = Date.now()
  const passed = { hereMs: 0, thereMs: 0 }
  const opened = await openCatalog(t, {
    ...options,
    nowMs: () => startedAtMs + passed.thereMs,
    catalog: { timeOfDay: () => startedAtMs + passed.hereMs },
  })
  await opened.catalog.tags(call)
  opened.sandbox.clearCalls()
  const passHere = (ms: number) => {
    passed.hereMs += ms
  }
  const passThere = (ms: number) => {
    passed.thereMs += ms
    // What is signed is signed by the time that it is there.
    opened.client.config.systemClockOffset += ms
  }
  return {
    ...opened,
    passHere,
    passThere,
    pass(ms: number) {
      passHere(ms)
      passThere(ms)
    },
  }
}

test('nothing is asked for before it is needed, and then once', async (t) => {
  const { catalog, calls } = await openCatalog(t)
  assert.deepEqual(calls(), [])
  await catalog.tags(call)
  await catalog.tags(call)
  assert.deepEqual(calls(), ['GetAuthorizationToken', 'ListTags', 'ListTags'])
})

test('reads at the same time share one token', async (t) => {
  const { catalog, calls } = await openCatalog(t)
  await Promise.all(Array.from({ length: 10 }, () => catalog.tags(call)))
  assert.equal(calls().filter((operation) => operation === 'GetAuthorizationToken').length, 1)
})

test('a read that leaves takes nobody else along', async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t)
  const delay = { kind: 'delay', delayMs: 50 } as const
  sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault: delay })
  const leaving = new AbortController()
  const left = catalog.tags(callWith({ destination, signal: leaving.signal }))
  const stayed = catalog.tags(call)
  const reason = new Error('client gone')
  leaving.abort(reason)
  await assert.rejects(left, (error) => error === reason)
  assert.deepEqual(await stayed, [])
  assert.deepEqual(calls(), ['GetAuthorizationToken', 'ListTags'])
})

test('a token is renewed before it ends, and reads go on with the old one meanwhile', async (t) => {
  const { catalog, sandbox, pass, calls } = await openWithToken(t)
  pass(10 * hourMs)
  await catalog.tags(call)
  assert.deepEqual(calls(), ['ListTags'])
  pass(hourMs)
  sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault: { kind: 'stall' } })
  await Promise.all([catalog.tags(call), catalog.tags(call)])
  assert.deepEqual(calls().toSorted(), ['GetAuthorizationToken', ...listed(3)])
})

test('a renewal that fails takes nothing away, and is tried again', async (t) => {
  const { catalog, sandbox, pass, calls, observer } = await openWithToken(t)
  const renewals = () =>
    observer
      .of('upstream_called')
      .filter(({ operation }) => operation === 'GetAuthorizationToken')
      .slice(1)
      .map(({ outcome }) => outcome)
  pass(11 * hourMs)
  sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault: { kind: 'html-503' } })
  await catalog.tags(call)
  await until('the first renewal is over', () => renewals().length === 1)
  await catalog.tags(call)
  await until('the second renewal is over', () => renewals().length === 2)
  const [first, second] = renewals()
  assert.notEqual(first, 'success')
  assert.equal(second, 'success')
  pass(hourMs)
  sandbox.clearCalls()
  await catalog.tags(call)
  assert.deepEqual(calls(), ['ListTags'])
})

test('a token that expired at the registry first is replaced', async (t) => {
  const { catalog, pass, passThere, outcomes } = await openWithToken(t)
  pass(minuteMs)
  passThere(12 * hourMs)
  assert.deepEqual(await catalog.tags(call), [])
  assert.deepEqual(outcomes().slice(2), [
    'ListTags DENIED',
    'GetAuthorizationToken success',
    'ListTags success',
  ])
})

test('a token that has ended is not sent any more', async (t) => {
  const { catalog, pass, calls } = await openWithToken(t)
  pass(12 * hourMs)
  await catalog.tags(call)
  assert.deepEqual(calls(), ['GetAuthorizationToken', 'ListTags'])
})

for (const refusedTokenStatus of [400, 401, 403] as const) {
  test(`a token that is refused with ${refusedTokenStatus} is replaced once, under GET and HEAD`, async (t) => {
    const { catalog, client, sandbox, pass, outcomes } = await openWithToken(t, {
      switches: { refusedTokenStatus },
    })
    const manifest = await pushImage(client, 'layer', 'v1')
    sandbox.addFault({ operation: 'GetManifest', call: 1, fault: expired })
    sandbox.addFault({ operation: 'HeadManifest', call: 1, fault: expired })
    pass(minuteMs)
    const found = await catalog.manifest(call, tag('v1'))
    assert.equal(found?.bytes.toString(), manifest)
    pass(minuteMs)
    assert.ok(await catalog.manifestHead(call, tag('v1')))
    const code = refusedTokenStatus === 401 ? 'UNAUTHORIZED' : 'DENIED'
    assert.deepEqual(outcomes().slice(2), [
      `GetManifest ${code}`,
      'GetAuthorizationToken success',
      'GetManifest success',
      `HeadManifest Http${refusedTokenStatus}`,
      'GetAuthorizationToken success',
      'HeadManifest success',
    ])
  })

  test(`a new token that is refused with ${refusedTokenStatus} too is an error`, async (t) => {
    const { catalog, sandbox, pass, calls } = await openWithToken(t, {
      switches: { refusedTokenStatus },
    })
    pass(minuteMs)
    sandbox.addFault({ operation: 'ListTags', call: 'every', fault: expired })
    await assert.rejects(catalog.tags(call), upstreamError('denied'))
    assert.deepEqual(calls(), ['ListTags', 'GetAuthorizationToken', 'ListTags'])
  })
}

test('what is denied to a young token is denied, and costs no new one', async (t) => {
  const { catalog, sandbox, pass, calls } = await openWithToken(t)
  sandbox.addFault({ operation: 'ListTags', call: 'every', fault: expired })
  const refused = async (ageMs: number) => {
    pass(ageMs)
    await assert.rejects(catalog.tags(call), upstreamError('denied'))
  }
  await refused(0)
  await refused(minuteMs - 1)
  assert.deepEqual(calls(), listed(2))
  await refused(1)
  assert.deepEqual(calls().slice(2), ['ListTags', 'GetAuthorizationToken', 'ListTags'])
  await refused(minuteMs - 1)
  assert.deepEqual(calls().slice(5), ['ListTags'])
})

test('a clock that was set back makes no token young', async (t) => {
  const { catalog, passHere, passThere, calls } = await openWithToken(t)
  passHere(-13 * hourMs)
  passThere(12 * hourMs)
  assert.deepEqual(await catalog.tags(call), [])
  assert.deepEqual(calls(), ['ListTags', 'GetAuthorizationToken', 'ListTags'])
})

test('a token that could not be replaced stays good for what else is read with it', async (t) => {
  const { catalog, sandbox, pass, calls } = await openWithToken(t)
  pass(minuteMs)
  sandbox.addFault({ operation: 'ListTags', call: 1, fault: expired })
  sandbox.addFault({
    operation: 'GetAuthorizationToken',
    call: 'every',
    fault: { kind: 'html-503' },
  })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable'))
  assert.deepEqual(await catalog.tags(call), [])
  assert.deepEqual(calls(), ['ListTags', 'GetAuthorizationToken', 'ListTags'])
})

test('reads whose token is refused at the same time share the next one', async (t) => {
  const { catalog, pass, passThere, calls } = await openWithToken(t)
  pass(minuteMs)
  passThere(12 * hourMs)
  await Promise.all(Array.from({ length: 5 }, () => catalog.tags(call)))
  assert.deepEqual(calls().toSorted(), ['GetAuthorizationToken', ...listed(10)])
})

test('a refusal that is not one of the token costs no new token', async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t)
  const fault = { kind: 'exception', name: 'NAME_INVALID', status: 400 } as const
  sandbox.addFault({ operation: 'ListTags', call: 1, fault })
  await assert.rejects(catalog.tags(call), upstreamError('rejected', 'NAME_INVALID'))
  assert.deepEqual(calls(), ['GetAuthorizationToken', 'ListTags'])
})

for (const message of [
  'User: arn:aws:iam::1:user/a is not authorized to perform: sts:GetServiceBearerToken',
  'no',
]) {
  test(`a missing permission is named (${message.slice(0, 20)})`, async (t) => {
    const { catalog, sandbox, calls } = await openCatalog(t)
    const fault = denied(message)
    sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault })
    await assert.rejects(
      catalog.tags(call),
      (error) =>
        error instanceof UpstreamError &&
        error.failure === 'denied' &&
        error.facts.message.startsWith(message) &&
        error.facts.message.includes('ecr-public:GetAuthorizationToken') &&
        error.facts.message.includes('sts:GetServiceBearerToken'),
    )
    assert.deepEqual(calls(), ['GetAuthorizationToken'])
    assert.deepEqual(await catalog.tags(call), [])
  })
}

test('an answer without a token is no success', async (t) => {
  const { catalog, sandbox } = await openCatalog(t)
  const fault = { kind: 'empty-200' } as const
  sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'EmptyAnswer'))
})

test('expired AWS credentials are told as such, for whoever refreshes them', async (t) => {
  const { catalog, sandbox } = await openCatalog(t)
  sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault: expired })
  await assert.rejects(catalog.tags(call), upstreamError('credentials', 'ExpiredTokenException'))
})

test('the token goes nowhere that the registry points to', async (t) => {
  const asked: string[] = []
  const other = await openCatalogOf(t, ({ url = '' }, response) => {
    asked.push(url)
    response.end()
  })
  const { catalog } = await openCatalogOf(t, ({ url = '' }, response) => {
    const there = new URL(url, other.endpoint).href
    if (!url.includes('/tags/')) response.writeHead(307, { location: there }).end()
    else response.writeHead(200, { link: `<${there}>; rel="next"` }).end('{"tags":["v1"]}')
  })
  const blob = byDigest('layer').digest
  const location = new URL(`/v2/sandbox/team/app/blobs/${blob}`, other.endpoint).href
  assert.deepEqual(await catalog.blob(call, blob), { kind: 'redirect', location })
  await assert.rejects(catalog.manifest(call, tag('v1')), upstreamError('unavailable', 'Http307'))
  await assert.rejects(catalog.tags(call), upstreamError('rejected', 'EndlessList'))
  assert.deepEqual(asked, [])
})
