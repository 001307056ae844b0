import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type Destination,
  registryKey,
  upstreamRepository,
} from '../../src/registry/destination.ts'
import { hasCode } from '../../src/registry/errors.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'

const acme: Destination = { name: 'acme', registry: 'aws/default', stripPrefix: 'acme/' }
const role = { arn: 'arn:aws:iam::123456789012:role/push' }

test('the prefix is taken away', () => {
  const repository = parseRepositoryName('acme/team/app')
  assert.equal(upstreamRepository(acme, repository), 'team/app')
})

test('it is taken away once', () => {
  assert.equal(upstreamRepository(acme, parseRepositoryName('acme/acme/app')), 'acme/app')
})

test('without a prefix the name stays', () => {
  const repository = parseRepositoryName('acme/app')
  assert.equal(upstreamRepository({ name: 'all', registry: 'aws/default' }, repository), 'acme/app')
})

for (const name of ['acme', 'acmes/app', 'team/acme/app', 'acme/a']) {
  test(`${name} has no name behind the prefix acme/`, () => {
    assert.throws(
      () => upstreamRepository(acme, parseRepositoryName(name)),
      (error) => hasCode(error, 'repository_name_invalid'),
    )
  })
}

for (const [place, expected] of [
  [{}, 'aws/default'],
  [{ registryId: 'acme' }, 'aws/acme'],
  [{ role }, 'aws/123456789012'],
  [{ role, registryId: '210987654321' }, 'aws/210987654321'],
  [{ stripPrefix: 'acme/' }, 'aws/default#acme/'],
  [{ stripPrefix: '' }, 'aws/default'],
  [{ role, stripPrefix: 'acme/' }, 'aws/123456789012#acme/'],
  [{ role: { ...role, externalId: 'secret' } }, 'aws/123456789012'],
] as const) {
  test(`the registry of ${JSON.stringify(place)} is ${expected}`, () => {
    assert.equal(registryKey('aws', place), expected)
  })
}

test('the sandbox is never the same place as AWS', () => {
  assert.notEqual(registryKey('sandbox', {}), registryKey('aws', {}))
})

test('no two places have the same key', () => {
  const place = fc.record(
    {
      registryId: fc.constantFrom('acme', '123456789012', '210987654321'),
      stripPrefix: fc.constantFrom('a/', 'a/b/', 'acme/'),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(place, place, (one, other) => {
      const isSame = one.registryId === other.registryId && one.stripPrefix === other.stripPrefix
      assert.equal(registryKey('aws', one) === registryKey('aws', other), isSame)
    }),
  )
})
