import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { standingOf } from '../../src/access/decide.ts'
import type { Identity } from '../../src/access/identity.ts'
import type { Policy } from '../../src/access/policy/policy.ts'
import { agent, issuer, named, policyOf } from './policy/setup.ts'

const builders: Identity = { kind: 'agent', name: 'builders' }

function run(claims: Readonly<Record<string, string>>): Identity {
  return { kind: 'workload', issuer: 'ci', subject: 'run', claims }
}

function reasonOf(policy: Policy, identity: Identity, repository: string): string | undefined {
  const decision = standingOf(policy, identity).decide('push', named(repository))
  return decision.isAllowed ? undefined : decision.reason
}

const push = '{ repositories: ["team/**"], actions: [push] }'
const policy = policyOf({
  destinations: [
    '{ name: team, repositories: ["team/*"] }',
    '{ name: rest, repositories: ["**"], registryId: acme }',
  ],
  agents: [agent('builders', push, ', limits: { uploads: 2 }')],
  issuers: [
    issuer(
      'ci',
      '{ name: tags, claims: { ref: tag }, grants: [], limits: { uploads: 3 } }, { name: kinds, claims: { kind: x }, grants: [] }',
    ),
  ],
})

test('an agent may do what a grant of its own covers', () => {
  const decision = standingOf(policy, builders).decide('push', named('team/app'))
  assert.ok(decision.isAllowed)
  assert.equal(decision.rule, 'builders')
  assert.equal(decision.destination.name, 'team')
})

test('the first destination that takes a repository gets it', () => {
  const decision = standingOf(policy, builders).decide('push', named('team/sub/app'))
  assert.ok(decision.isAllowed)
  assert.equal(decision.destination.name, 'rest')
})

test('who may push may pull', () => {
  assert.ok(standingOf(policy, builders).decide('pull', named('team/app')).isAllowed)
})

test('who may pull may not push', () => {
  const readers = policyOf({
    agents: [agent('builders', '{ repositories: ["**"], actions: [pull] }')],
  })
  assert.ok(standingOf(readers, builders).decide('pull', named('team/app')).isAllowed)
  assert.equal(
    reasonOf(readers, builders, 'team/app'),
    'builders may not push team/app: no grant covers it.',
  )
})

test('the actions of one grant say nothing of the repositories of another', () => {
  const mixed = policyOf({
    agents: [
      agent(
        'builders',
        '{ repositories: [a/x], actions: [push] }, { repositories: [b/x], actions: [pull] }',
      ),
    ],
  })
  assert.ok(!standingOf(mixed, builders).decide('push', named('b/x')).isAllowed)
})

test('a grant without a destination is a refusal that says so', () => {
  const nowhere = policyOf({ destinations: [], agents: [agent('builders', push)] })
  assert.equal(
    reasonOf(nowhere, builders, 'team/app'),
    'builders may not push team/app: builders grants it, but no destination takes it.',
  )
})

test('a repository that has no name behind the prefix is refused', () => {
  const short = policyOf({
    destinations: ['{ name: team, repositories: ["team/*"], stripPrefix: team/ }'],
    agents: [agent('builders', push)],
  })
  assert.equal(
    reasonOf(short, builders, 'team/a'),
    'builders may not push team/a: builders grants it, but the destination team has no name for it.',
  )
})

test('an agent that is gone from the policy may do nothing', () => {
  const gone = policyOf({ agents: [agent('others', push)] })
  const standing = standingOf(gone, builders)
  assert.equal(standing.agent, 'builders')
  assert.deepEqual(standing.limits, {})
  assert.match(reasonOf(gone, builders, 'team/app') ?? '', /whom no rule of the policy knows/)
})

test('a run goes by the name of its issuer and of the first rule that matches', () => {
  const standing = standingOf(policy, run({ ref: 'tag', kind: 'x' }))
  assert.equal(standing.agent, 'ci/tags')
  assert.deepEqual(standing.limits, { uploads: 3 })
})

test('a run that no rule matches goes by the name of its issuer, and may do nothing', () => {
  assert.equal(standingOf(policy, run({ ref: 'branch' })).agent, 'ci')
  assert.equal(
    reasonOf(policy, run({ ref: 'branch' }), 'team/app'),
    'ci, whom no rule of the policy knows, may not push team/app: no grant covers it.',
  )
})

test('a run that no grant covers is told all the rules that match, and where one grants, that one', () => {
  const rules = `{ name: one, claims: { ref: main }, grants: [] }, { name: two, claims: { ref: main }, grants: [${push}] }, { name: other, claims: { ref: x }, grants: [] }`
  const two = policyOf({ destinations: [], issuers: [issuer('ci', rules)] })
  assert.equal(
    reasonOf(two, run({ ref: 'main' }), 'other/app'),
    'ci/one may not push other/app: no grant of ci/one, ci/two covers it.',
  )
  assert.equal(
    reasonOf(two, run({ ref: 'main' }), 'team/app'),
    'ci/one may not push team/app: ci/two grants it, but no destination takes it.',
  )
})

test('a run has the grants of all the rules that match, and the one that grants is named', () => {
  const two = policyOf({
    issuers: [
      issuer(
        'ci',
        `{ name: one, claims: { ref: main }, grants: [] }, { name: two, claims: { ref: main }, grants: [${push}] }`,
      ),
    ],
  })
  const standing = standingOf(two, run({ ref: 'main' }))
  const decision = standing.decide('push', named('team/app'))
  assert.equal(standing.agent, 'ci/one')
  assert.ok(decision.isAllowed)
  assert.equal(decision.rule, 'ci/two')
})

test('a run of an issuer that is gone may do nothing', () => {
  const standing = standingOf(policyOf({}), run({ ref: 'tag' }))
  assert.equal(standing.agent, 'ci')
  assert.ok(!standing.decide('pull', named('team/app')).isAllowed)
})

test('an agent with the name of an issuer is not that issuer', () => {
  const identity: Identity = { kind: 'agent', name: 'ci' }
  assert.ok(!standingOf(policy, identity).decide('pull', named('team/app')).isAllowed)
})

test('observe in any grant is enough, and opens no repository', () => {
  const observers = policyOf({ agents: [agent('builders', '{ actions: [observe] }')] })
  const standing = standingOf(observers, builders)
  assert.equal(standing.mayObserve, true)
  assert.ok(!standing.decide('pull', named('team/app')).isAllowed)
  assert.equal(standingOf(policy, builders).mayObserve, false)
})

const repository = fc
  .array(fc.constantFrom('aa', 'bb', 'cc'), { minLength: 1, maxLength: 3 })
  .map((parts) => named(parts.join('/')))
const covered = fc.constantFrom('aa/**', 'bb/*', 'cc', 'aa/bb', '*')
const action = fc.constantFrom('push' as const, 'pull' as const)

test('nobody may do what no grant covers, and everybody what one does', () => {
  const grant = fc.record({ pattern: covered, action })
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 3 }), repository, action, (grants, asked, wanted) => {
      const text = grants.map(
        (one) => `{ repositories: ["${one.pattern}"], actions: [${one.action}] }`,
      )
      const made = policyOf({ agents: [agent('builders', text.join(', '))] })
      const entries = made.agents[0]?.grants ?? []
      const isCovered = entries.some(
        (entry, at) => entry.covers(asked) && (wanted === 'pull' || grants[at]?.action === 'push'),
      )
      assert.equal(standingOf(made, builders).decide(wanted, asked).isAllowed, isCovered)
      const stranger: Identity = { kind: 'agent', name: 'strangers' }
      assert.equal(standingOf(made, stranger).decide(wanted, asked).isAllowed, false)
    }),
  )
})

test('of all the destinations that take a repository, the first gets it', () => {
  fc.assert(
    fc.property(fc.array(covered, { maxLength: 4 }), repository, (patterns, asked) => {
      const destinations = patterns.map(
        (pattern, at) => `{ name: d${at}, repositories: ["${pattern}"] }`,
      )
      const everything = '{ repositories: ["**"], actions: [push] }'
      const made = policyOf({ destinations, agents: [agent('builders', everything)] })
      const first = made.destinations.find(({ takes }) => takes(asked))
      const decision = standingOf(made, builders).decide('push', asked)
      assert.equal(decision.isAllowed ? decision.destination : undefined, first)
    }),
  )
})
