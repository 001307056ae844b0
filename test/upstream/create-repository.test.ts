import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Destination } from '../../src/registry/destination.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { callWith, setUp, setUpWithRetry, upstreamError } from './setup.ts'

const fresh = parseRepositoryName('team/fresh')

function callFor(registryId?: string) {
  const call = callWith()
  const destination: Destination = {
    ...call.destination,
    ...(registryId === undefined ? {} : { registryId }),
  }
  return { ...call, destination, repository: fresh }
}

test('a repository is created, and one that is there already is as good', async (t) => {
  const { upstream, sandbox, outcomes } = await setUp(t)
  assert.equal(await upstream.createRepository(callFor()), 'created')
  assert.equal(await upstream.createRepository(callFor()), 'existed')
  assert.deepEqual(
    sandbox.state().repositories.map(({ name }) => name),
    ['team/app', 'team/fresh'],
  )
  assert.deepEqual(outcomes(), [
    'CreateRepository success',
    'CreateRepository RepositoryAlreadyExistsException',
  ])
})

test('a registry that has all that it may have is a matter of quotas', async (t) => {
  const { upstream, sandbox } = await setUpWithRetry(t)
  const fault = { kind: 'exception', name: 'LimitExceededException' } as const
  sandbox.addFault({ operation: 'CreateRepository', call: 'every', fault })
  await assert.rejects(upstream.createRepository(callFor()), upstreamError('quota'))
  assert.equal(sandbox.calls().length, 1)
})

test('an answer that was lost is asked for again, and then nobody can tell who created it', async (t) => {
  const { upstream, sandbox, calls } = await setUpWithRetry(t)
  const fault = { kind: 'reset-after-storing' } as const
  sandbox.addFault({ operation: 'CreateRepository', call: 1, fault })
  assert.equal(await upstream.createRepository(callFor()), 'existed')
  assert.deepEqual(calls(), ['CreateRepository', 'CreateRepository'])
})

for (const registryId of ['123456789012', 'sandbox']) {
  test(`the registry that is named as ${registryId} is asked about once`, async (t) => {
    const { upstream, calls } = await setUp(t)
    await upstream.createRepository(callFor(registryId))
    await upstream.createRepository(callFor(registryId))
    assert.deepEqual(calls(), ['DescribeRegistries', 'CreateRepository', 'CreateRepository'])
  })
}

for (const registryId of ['222222222222', 'stranger']) {
  test(`nothing is created in the place of the registry ${registryId}, which is another's`, async (t) => {
    const { upstream, sandbox, calls } = await setUpWithRetry(t)
    const other = upstreamError('rejected', 'RegistryIsNotOwn')
    await assert.rejects(upstream.createRepository(callFor(registryId)), other)
    await assert.rejects(upstream.createRepository(callFor(registryId)), other)
    assert.deepEqual(calls(), ['DescribeRegistries', 'DescribeRegistries'])
    assert.equal(sandbox.state().repositories.length, 1)
  })
}
