import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpstreamError } from '../../../src/publish/upstream-error.ts'
import type { Destination } from '../../../src/registry/destination.ts'
import type { KnownRegistry } from '../../../src/upstream/registry/known-registries.ts'
import { type Clash, createRegistryWalls } from '../../../src/upstream/registry/registry-walls.ts'
import { codeIs } from '../../support/code-is.ts'
import { callWith } from './setup.ts'

const [home, away] = ['123456789012', '210987654321'] as const
const roleOf = (account: string) => ({ arn: `arn:aws:iam::${account}:role/push` })
const homeRegistry: KnownRegistry = { id: home, aliases: ['acme', 'a1b2c3'] }
const awayRegistry: KnownRegistry = { id: away, aliases: ['away'] }

function destinationOf(name: string, more: Partial<Destination> = {}): Destination {
  return { name, registry: name, ...more }
}

const byId = destinationOf('id', { registryId: home })
const byAlias = destinationOf('alias', { registryId: 'acme', stripPrefix: 'acme/' })
const own = destinationOf('own', { stripPrefix: 'own/' })
const byRole = destinationOf('role', { role: roleOf(home), stripPrefix: 'role/' })
const foreign = destinationOf('foreign', { registryId: 'away', stripPrefix: 'away/' })
const byRoleAway = destinationOf('away', { role: roleOf(away) })

/** Walls between these destinations; our own identity is of `home`, and a role is of its account. */
function setUp(...destinations: Destination[]) {
  const asked: string[] = []
  const clashes: Clash[] = []
  const faults: Error[] = []
  const clock = { ms: 0 }
  const walls = createRegistryWalls({
    destinations: () => destinations,
    async registries({ destination: { name, role } }) {
      asked.push(name)
      const fault = faults.shift()
      if (fault) throw fault
      return [role?.arn === roleOf(away).arn ? awayRegistry : homeRegistry]
    },
    onClash: (clash) => void clashes.push(clash),
    now: () => clock.ms,
  })
  return {
    asked,
    clashes,
    faults,
    clock,
    check: (destination: Destination) => walls.check(callWith({ destination })),
  }
}

const refused = codeIs('destination_unknown')

test('an alias of a registry that another destination names by its id is refused, and told', async () => {
  const { check, clashes } = setUp(byAlias, byId)
  await assert.rejects(check(byAlias), refused)
  const detail =
    'The destinations alias and id are one registry under two names, so they need the same "stripPrefix": otherwise a grant for one could be a grant for the other.'
  assert.deepEqual(clashes, [{ destination: 'alias', detail }])
})

test('the destination that has the id goes on, and nothing is asked for it', async () => {
  const { check, asked } = setUp(byAlias, byId)
  await check(byId)
  assert.deepEqual(asked, [])
})

test('our own registry without a name is refused beside its id, its alias and a role in its account', async () => {
  for (const rival of [byId, byAlias, byRole]) {
    const { check } = setUp(own, rival)
    await assert.rejects(check(own), refused)
  }
})

test('two aliases of one registry are both refused', async () => {
  const second = destinationOf('second', { registryId: 'a1b2c3' })
  const { check } = setUp(byAlias, second)
  await assert.rejects(check(byAlias), refused)
  await assert.rejects(check(second), refused)
})

test('destinations with the same prefix are not asked about', async () => {
  const { check, asked } = setUp(byAlias, { ...byId, stripPrefix: 'acme/' })
  await check(byAlias)
  assert.deepEqual(asked, [])
})

test('another registry is let through, and the identity of the other destination is left alone', async () => {
  const { check, asked } = setUp(own, byRoleAway)
  await check(own)
  assert.deepEqual(asked, ['own'])
})

test('an alias that our identity is not told of is looked for with that of the other destination', async () => {
  const { check, asked } = setUp(foreign, byRoleAway)
  await assert.rejects(check(foreign), refused)
  assert.deepEqual(asked, ['foreign', 'away'])
})

test('what no identity is told of is refused', async () => {
  const second = destinationOf('second', { registryId: 'elsewhere' })
  const { check, clashes } = setUp(foreign, second)
  await assert.rejects(check(foreign), refused)
  assert.match(clashes[0]?.detail ?? '', /^Whether .* cannot be found out/)
})

test('it is asked once for all calls, and again after five minutes', async () => {
  const { check, asked, clock } = setUp(own, byRoleAway)
  await Promise.all([check(own), check(own)])
  clock.ms += 5 * 60_000 - 1
  await check(own)
  assert.equal(asked.length, 1)
  clock.ms += 1
  await check(own)
  assert.equal(asked.length, 2)
})

test('a question that failed lets nothing through, and is asked again', async () => {
  const { check, faults, asked } = setUp(own, byRoleAway)
  const facts = { operation: 'DescribeRegistries', exception: 'Server', message: 'no' }
  const fault = new UpstreamError('unavailable', facts)
  faults.push(fault)
  await assert.rejects(check(own), (error) => error === fault)
  await check(own)
  assert.equal(asked.length, 2)
})

test('whoever leaves ends the wait for itself alone', async () => {
  const { promise: answer, resolve } = Promise.withResolvers<readonly KnownRegistry[]>()
  const walls = createRegistryWalls({
    destinations: () => [own, byRoleAway],
    registries: () => answer,
    onClash: () => undefined,
    now: () => 0,
  })
  const leaving = new AbortController()
  const left = walls.check(callWith({ destination: own, signal: leaving.signal }))
  const stayed = walls.check(callWith({ destination: own }))
  const reason = new Error('client gone')
  leaving.abort(reason)
  await assert.rejects(left, (error) => error === reason)
  resolve([homeRegistry])
  await stayed
})

test('an identity is asked once, however many destinations it has', async () => {
  const others = ['b', 'c', 'd'].map((name) =>
    destinationOf(name, { registryId: `of-${name}`, stripPrefix: `${name}/` }),
  )
  const { check, asked } = setUp(own, ...others)
  for (const destination of [own, ...others]) await check(destination).catch(() => undefined)
  assert.equal(asked.length, 1)
})
