import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Proof, Scope } from '../../src/access/identity.ts'
import { callerOf, createPolicyAccess } from '../../src/access/policy-access.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { codeIs } from '../support/code-is.ts'
import { agent, issuer, named, policyOf } from './policy/setup.ts'

const app = named('team/app')
const policy = policyOf({
  agents: [
    agent('builders', '{ repositories: ["team/*"], actions: [push] }', ', limits: { uploads: 4 }'),
  ],
  issuers: [
    issuer(
      'ci',
      '{ name: main, claims: { ref: main }, grants: [{ repositories: [team/app], actions: [pull] }] }',
    ),
  ],
})
const identity = { kind: 'agent', name: 'builders' } as const

function scoped(scope: Scope): Proof {
  return { identity, scope }
}

test('without a scope the policy alone limits', () => {
  const caller = callerOf(policy, { identity })
  const grant = caller.mayPush(app)
  assert.deepEqual(
    { agent: grant.agent, repository: grant.repository, rule: grant.rule },
    { agent: 'builders', repository: 'team/app', rule: 'builders' },
  )
  assert.equal(grant.destination.name, 'all')
  assert.ok(caller.canPush(app) && caller.canPull(app))
  assert.deepEqual(caller.limits, { uploads: 4 })
  assert.equal(caller.subject, undefined)
})

test('what no grant covers is denied, with the reason', () => {
  const caller = callerOf(policy, { identity })
  const other = named('other/app')
  assert.throws(() => caller.mayPush(other), codeIs('repository_denied'))
  assert.throws(() => caller.mayPull(other), codeIs('repository_denied'))
  assert.ok(!caller.canPush(other) && !caller.canPull(other))
  assert.throws(
    () => caller.mayPush(other),
    new LayergateError('repository_denied', 'builders may not push other/app: no grant covers it.'),
  )
})

test('what the policy grants and the token was not asked for is out of scope', () => {
  const caller = callerOf(policy, scoped(new Map([['team/other', new Set(['push'] as const)]])))
  assert.throws(() => caller.mayPush(app), codeIs('scope_insufficient'))
  assert.throws(() => caller.mayPull(app), codeIs('scope_insufficient'))
  assert.ok(!caller.canPush(app) && !caller.canPull(app))
})

test('a scope opens nothing that the policy denies', () => {
  const other = named('other/app')
  const caller = callerOf(policy, scoped(new Map([['other/app', new Set(['push'] as const)]])))
  assert.throws(() => caller.mayPush(other), codeIs('repository_denied'))
  assert.ok(!caller.canPull(other))
})

test('a scope for pushing includes pulling, and not the other way', () => {
  const pushing = callerOf(policy, scoped(new Map([['team/app', new Set(['push'] as const)]])))
  assert.equal(pushing.mayPull(app).repository, 'team/app')
  const pulling = callerOf(policy, scoped(new Map([['team/app', new Set(['pull'] as const)]])))
  assert.equal(pulling.mayPull(app).repository, 'team/app')
  assert.throws(() => pulling.mayPush(app), codeIs('scope_insufficient'))
  assert.ok(pulling.canPull(app) && !pulling.canPush(app))
})

test('an empty scope covers nothing', () => {
  const caller = callerOf(policy, scoped(new Map()))
  assert.throws(() => caller.mayPull(app), codeIs('scope_insufficient'))
})

test('a run has the subject of its token', () => {
  const run = { kind: 'workload', issuer: 'ci', subject: 'job 7', claims: { ref: 'main' } } as const
  const caller = callerOf(policy, { identity: run })
  assert.equal(caller.subject, 'job 7')
  assert.equal(caller.agent, 'ci/main')
  assert.equal(caller.mayPull(app).rule, 'ci/main')
  assert.throws(() => caller.mayPush(app), codeIs('repository_denied'))
})

test('the policy that is in force when a request comes decides', async () => {
  let inForce = policy
  const access = createPolicyAccess({
    policy: () => inForce,
    authenticate: () => Promise.resolve({ identity }),
  })
  assert.equal(access.isOpen, false)
  assert.ok((await access.identify('Bearer x')).canPush(app))
  inForce = policyOf({})
  assert.ok(!(await access.identify('Bearer x')).canPush(app))
})

test('an agent that is removed while its credentials are looked into may do nothing', async () => {
  let inForce = policy
  const proof = Promise.withResolvers<Proof>()
  const access = createPolicyAccess({
    policy: () => inForce,
    authenticate: () => proof.promise,
  })
  const caller = access.identify('Bearer x')
  inForce = policyOf({})
  proof.resolve({ identity })
  assert.ok(!(await caller).canPush(app))
})

test('credentials that prove nobody are no caller', async () => {
  const access = createPolicyAccess({
    policy: () => policy,
    authenticate: () => Promise.reject(new LayergateError('credentials_invalid', 'No.')),
  })
  await assert.rejects(access.identify('Bearer x'), codeIs('credentials_invalid'))
})
