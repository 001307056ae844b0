import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicy } from '../../../src/access/policy/parse-policy.ts'
import { createGlob } from '../../../src/registry/glob.ts'
import { fencedBlocks, quoted, readPage, tableUnder } from '../../docs/pages.ts'
import { aws, policyText, problemsIn, problemsOf } from './setup.ts'

const page = await readPage('docs/policy.md')

test('the example of docs/policy.md is a policy', () => {
  const examples = fencedBlocks(page, 'yaml')
  assert.equal(examples.length, 1)
  const policy = parsePolicy(examples[0] ?? '', aws)
  assert.equal(policy.destinations.length, 2)
  assert.equal(policy.agents.length, 2)
  assert.equal(policy.issuers.length, 1)
})

test('deploy/policy.example.yaml is a policy', async () => {
  const { text } = await readPage('deploy/policy.example.yaml')
  const { destinations, agents, issuers } = parsePolicy(text, aws)
  assert.ok(destinations.length > 0 && agents.length > 0 && issuers.length > 3)
})

/** What a mapping with a key that is like no other is told that there is. */
function keysOf(problems: readonly string[]): readonly string[] {
  const told = problems.find((problem) => problem.includes('"zzzzzzzzzzzzzzzzzz" is no key'))
  const [, keys = ''] = told?.split('there are ') ?? []
  return [...keys.matchAll(/"([^"]+)"/g)].map(([, key = '']) => key)
}

const unknown = '{ zzzzzzzzzzzzzzzzzz: 1 }'

for (const [heading, problems] of [
  ['The file', problemsOf('zzzzzzzzzzzzzzzzzz: 1')],
  ['Destinations', problemsIn({ destinations: [unknown] })],
  ['Agents', problemsIn({ agents: [unknown] })],
  ['Grants', problemsIn({ agents: [`{ grants: [${unknown}] }`] })],
  ['Limits', problemsIn({ agents: [`{ limits: ${unknown} }`] })],
  ['Issuers', problemsIn({ issuers: [unknown] })],
  ['Rules', problemsIn({ issuers: [`{ rules: [${unknown}] }`] })],
] as const) {
  test(`docs/policy.md lists every key under "${heading}", and no other`, () => {
    const documented = tableUnder(page, heading).flatMap(([key = '']) => quoted(key))
    assert.ok(documented.length > 0)
    assert.deepEqual(documented, keysOf(problems))
  })
}

for (const [pattern = '', fits = '', doesNotFit = ''] of tableUnder(page, 'Patterns')) {
  test(`docs/policy.md says rightly what ${pattern} fits`, () => {
    const matches = createGlob(quoted(pattern)[0] ?? '')
    assert.deepEqual(
      quoted(fits).filter((name) => !matches(name)),
      [],
    )
    assert.deepEqual(quoted(doesNotFit).filter(matches), [])
  })
}

test('docs/policy.md names the claims of owners as the parser does', () => {
  const rows = page.text.split('**Owners.**')[1]?.split('**Pull requests**')[0] ?? ''
  for (const issuer of [
    'https://token.actions.githubusercontent.com',
    'https://gitlab.com',
    'https://agent.buildkite.com',
  ]) {
    const rule = '{ name: a, claims: { x: y }, grants: [] }'
    const entry = `{ name: a, issuer: "${issuer}", audience: a, rules: [${rule}] }`
    const [problem = ''] = problemsIn({ issuers: [entry] })
    const owners = [...(problem.split('one of ')[1] ?? '').matchAll(/"([^"]+)"/g)]
    assert.ok(owners.length > 0)
    const row = rows.split('\n').find((line) => line.includes(`\`${issuer}\``)) ?? ''
    for (const [, owner = ''] of owners) assert.ok(quoted(row).includes(owner), owner)
  }
})

test('what setup writes is a policy', () => assert.deepEqual(problemsOf(policyText({})), []))
