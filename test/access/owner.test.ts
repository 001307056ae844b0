import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Identity, Scope } from '../../src/access/identity.ts'
import { callerOf } from '../../src/access/policy-access.ts'
import { parsePolicy } from '../../src/access/policy/parse-policy.ts'

function policyWith(rules: string) {
  return parsePolicy(
    `
version: 1
destinations: [{ name: default, repositories: ["**"] }]
agents: [{ name: looker, tokens: [], grants: [{ actions: [observe] }] }]
issuers:
  - name: ci
    issuer: https://issuer.example
    audience: layergate
    rules: [${rules}]
`,
    { kind: 'sandbox' },
  )
}

const push = 'grants: [{ repositories: ["team/*"], actions: [push] }]'
const one = `{ name: one, claims: { iss: "https://issuer.example" }, ${push} }`
const before = `{ name: zero, claims: { iss: "https://issuer.example" }, grants: [] }`

function run(subject: string): Identity {
  return { kind: 'workload', issuer: 'ci', subject, claims: { iss: 'https://issuer.example' } }
}

test('two subjects under one rule have one name, and nothing else in common', () => {
  const policy = policyWith(one)
  const [a, b] = ['a', 'b'].map((subject) => callerOf(policy, { identity: run(subject) }))
  assert.equal(a?.agent, b?.agent)
  assert.notEqual(a?.owner, b?.owner)
})

test('whose uploads are whose does not hang on the order of the rules', () => {
  const [first, second] = [one, `${before}, ${one}`].map((rules) =>
    callerOf(policyWith(rules), { identity: run('a') }),
  )
  assert.notEqual(first?.agent, second?.agent)
  assert.equal(first?.owner, second?.owner)
})

test('a workload owns nothing of an agent, whatever it calls itself', () => {
  const identity: Identity = { kind: 'agent', name: 'ci' }
  const policy = policyWith(one)
  assert.notEqual(
    callerOf(policy, { identity }).owner,
    callerOf(policy, { identity: run('ci') }).owner,
  )
})

test('who may observe may not with a token that was asked for repositories', () => {
  const identity: Identity = { kind: 'agent', name: 'looker' }
  const scope: Scope = new Map([['team/app', new Set(['pull'] as const)]])
  assert.equal(callerOf(policyWith(one), { identity }).mayObserve, true)
  assert.equal(callerOf(policyWith(one), { identity, scope }).mayObserve, false)
})
