import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { RegistryAlias } from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../../src/publish/upstream-error.ts'
import { sandboxCredentials } from '../../../src/sandbox/sandbox.ts'
import { createAttempt } from '../../../src/upstream/attempt.ts'
import { createEcrClient } from '../../../src/upstream/ecr-client.ts'
import { createRegistryAliases } from '../../../src/upstream/registry/aliases.ts'
import { recordingObserver } from '../../support/recording-observer.ts'
import { upstreamError } from '../setup.ts'
import { callWith, listen, openCatalog } from './setup.ts'

const asked = (calls: readonly string[]) =>
  calls.filter((operation) => operation === 'DescribeRegistries').length

interface Registry {
  readonly registryId: string
  readonly aliases: readonly RegistryAlias[]
}

function alias(name: string, more: Partial<RegistryAlias> = {}): RegistryAlias {
  const none = { primaryRegistryAlias: false, defaultRegistryAlias: false }
  return { name, status: 'ACTIVE', ...none, ...more }
}

/** The alias that is made of this answer of DescribeRegistries. */
async function aliasOf(t: TestContext, registries: readonly Registry[], registryId?: string) {
  const { endpoint } = await listen(t, (_request, response) => {
    response.end(JSON.stringify({ registries }))
  })
  const client = createEcrClient({ endpoint, credentials: sandboxCredentials, maxSockets: 1 })
  t.after(() => client.destroy())
  const attempt = createAttempt(client, recordingObserver(), () => 0)
  const destination = registryId === undefined ? {} : { registryId }
  return createRegistryAliases(attempt).of(callWith({ destination }))
}

test("the caller's own registry is read by the alias that AWS names, which is asked for once", async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t, { alias: 'acme' })
  assert.deepEqual(await catalog.tags(callWith()), [])
  await catalog.tags(callWith())
  assert.equal(asked(calls()), 1)
  assert.equal(sandbox.calls().at(-1)?.status, 200)
})

test('an alias that is configured is used as it is', async (t) => {
  const { catalog, calls } = await openCatalog(t, { alias: 'acme' })
  assert.deepEqual(await catalog.tags(callWith({ destination: { registryId: 'acme' } })), [])
  assert.equal(asked(calls()), 0)
})

test('an alias that is configured wrong finds no repository', async (t) => {
  const { catalog } = await openCatalog(t, { alias: 'acme' })
  for (const registryId of ['other', '../acme']) {
    const tags = catalog.tags(callWith({ destination: { registryId } }))
    await assert.rejects(tags, upstreamError('repository_unknown', 'NAME_UNKNOWN'))
  }
})

test('an account id that is configured is read by its alias', async (t) => {
  const { catalog, calls } = await openCatalog(t, { accountId: '210987654321', alias: 'acme' })
  const destination = { registryId: '210987654321' }
  assert.deepEqual(await catalog.tags(callWith({ destination })), [])
  assert.equal(asked(calls()), 1)
})

test('the alias of a foreign account has to be configured', async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t)
  const foreign = callWith({ destination: { registryId: '999999999999' } })
  await assert.rejects(catalog.tags(foreign), upstreamError('rejected', 'RegistryAliasUnknown'))
  assert.equal(calls().includes('ListTags'), false)
  assert.equal(sandbox.calls().length, 1)
})

test('reads at the same time ask once, and those that leave take nobody along', async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t)
  const delay = { kind: 'delay', delayMs: 50 } as const
  sandbox.addFault({ operation: 'DescribeRegistries', call: 1, fault: delay })
  const leaving = new AbortController()
  const left = catalog.tags(callWith({ signal: leaving.signal }))
  const stayed = Promise.all([catalog.tags(callWith()), catalog.tags(callWith())])
  const reason = new Error('client gone')
  leaving.abort(reason)
  await assert.rejects(left, (error) => error === reason)
  assert.deepEqual(await stayed, [[], []])
  assert.equal(asked(calls()), 1)
})

test('a question that failed is asked again', async (t) => {
  const { catalog, sandbox, calls } = await openCatalog(t)
  sandbox.addFault({ operation: 'DescribeRegistries', call: 1, fault: { kind: 'html-503' } })
  sandbox.addFault({ operation: 'DescribeRegistries', call: 2, fault: { kind: 'empty-200' } })
  await assert.rejects(catalog.tags(callWith()), upstreamError('unavailable'))
  await assert.rejects(catalog.tags(callWith()), upstreamError('unavailable', 'EmptyAnswer'))
  assert.deepEqual(await catalog.tags(callWith()), [])
  assert.equal(asked(calls()), 3)
})

test('destinations of different registries are not mixed', async (t) => {
  const { catalog } = await openCatalog(t)
  const [own, foreign, named] = [undefined, '999999999999', 'sandbox'].map((registryId) =>
    callWith({ destination: registryId === undefined ? {} : { registryId } }),
  )
  assert.ok(own && foreign && named)
  const answers = await Promise.allSettled([own, foreign, named].map((call) => catalog.tags(call)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('the primary alias comes first, then that of AWS, and none that is not active', async (t) => {
  const given = alias('a1b2c3', { defaultRegistryAlias: true })
  const wanted = alias('acme', { primaryRegistryAlias: true })
  const pending = { ...wanted, status: 'PENDING' } as const
  const of = (...aliases: RegistryAlias[]) => aliasOf(t, [{ registryId: '1', aliases }])
  const unknown = upstreamError('rejected', 'RegistryAliasUnknown')
  assert.equal(await of(given, wanted), 'acme')
  assert.equal(await of(pending, given), 'a1b2c3')
  await assert.rejects(of(pending), unknown)
  await assert.rejects(of(), unknown)
  await assert.rejects(aliasOf(t, []), unknown)
})

test('among several registries it is that of the account', async (t) => {
  const primaryRegistryAlias = true
  const registries = ['one', 'two'].map((name, at) => ({
    registryId: String(at + 1).repeat(12),
    aliases: [alias(name, { primaryRegistryAlias })],
  }))
  assert.equal(await aliasOf(t, registries, '222222222222'), 'two')
  assert.equal(await aliasOf(t, registries), 'one')
})

test('a missing permission is named, and what does without it', async (t) => {
  const { catalog, sandbox } = await openCatalog(t)
  const fault = { kind: 'exception', name: 'AccessDeniedException', message: 'no' } as const
  sandbox.addFault({ operation: 'DescribeRegistries', call: 1, fault })
  await assert.rejects(
    catalog.tags(callWith()),
    (error) =>
      error instanceof UpstreamError &&
      error.failure === 'denied' &&
      error.facts.message.startsWith('no (') &&
      error.facts.message.includes('ecr-public:DescribeRegistries'),
  )
})
