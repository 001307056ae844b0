import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { PolicyRule } from '../../../src/access/policy/policy.ts'
import { issuer, policyOf, problemsIn } from './setup.ts'

const rule = (claims: string) => issuer('ci', `{ name: main, claims: ${claims}, grants: [] }`)

function matchesOf(claims: string): PolicyRule['matches'] {
  const found = policyOf({ issuers: [rule(claims)] }).issuers[0]?.rules[0]
  if (!found) throw new Error('There is no rule.')
  return found.matches
}

for (const [what, claims, expected] of [
  [
    'no claims',
    '{}',
    'line 5: "claims" must name one claim at least: without any, every token of the issuer would do.',
  ],
  ['claims that are text', 'ref', 'line 5: "claims" must be a mapping ("key: value").'],
  ['a number', '{ id: 12 }', 'line 5: "id" must be text: write "12", with the quotes.'],
  [
    'a switch',
    '{ ref_protected: true }',
    'line 5: "ref_protected" must be text: write "true", with the quotes.',
  ],
  ['a list', '{ ref: [main] }', 'line 5: "ref" must be text.'],
  ['an empty text', '{ ref: "" }', 'line 5: "ref" is empty.'],
  ['a pattern without a glob', '{ ref: {} }', 'line 5: A pattern of a claim needs "glob".'],
  [
    'a pattern of another kind',
    '{ ref: { glob: "a*", regex: x } }',
    'line 5: "regex" is no key of a pattern of a claim: there are "glob".',
  ],
  [
    'an asterisk alone',
    '{ ref: { glob: "*" } }',
    'line 5: The pattern of "ref" fits everything: say more, or leave the claim out.',
  ],
  [
    'nothing but asterisks',
    '{ ref: { glob: "***" } }',
    'line 5: The pattern of "ref" fits everything: say more, or leave the claim out.',
  ],
  [
    'two asterisks',
    '{ ref: { glob: "refs/**" } }',
    'line 5: "**" is nothing special in a claim: "*" stands for any characters but "/" and "@".',
  ],
] as const) {
  test(`${what} is a problem`, () => {
    assert.deepEqual(problemsIn({ issuers: [rule(claims)] }), [expected])
  })
}

test('a claim without a value is a problem', () => {
  assert.deepEqual(problemsIn({ issuers: [rule('{ ref: }')] }), ['line 5: "ref" must be text.'])
})

test('all claims of a rule must be met', () => {
  const matches = matchesOf('{ ref: main, owner: "1" }')
  assert.ok(matches({ ref: 'main', owner: '1', more: 'x' }))
  assert.ok(!matches({ ref: 'main', owner: '2' }))
  assert.ok(!matches({ ref: 'other', owner: '1' }))
})

test('a claim that is missing is not met', () => {
  assert.ok(!matchesOf('{ ref: main }')({}))
  assert.ok(!matchesOf('{ ref: undefined }')({}))
})

test('a claim that is no text is not met', () => {
  const matches = matchesOf('{ id: "12" }')
  for (const id of [12, ['12'], { '12': '12' }, null, true]) {
    const claims = JSON.parse(JSON.stringify({ id }))
    assert.ok(!matches(claims), JSON.stringify(id))
  }
  assert.ok(matches({ id: '12' }))
})

test('what every object has is no claim', () => {
  const inherited = Object.create({ ref: 'main' })
  assert.ok(!matchesOf('{ ref: main }')(inherited))
  assert.ok(!matchesOf('{ constructor: { glob: "f*" } }')({}))
})

test('an asterisk is an asterisk where there is no glob', () => {
  assert.ok(!matchesOf('{ ref: "refs/*" }')({ ref: 'refs/main' }))
  assert.ok(matchesOf('{ ref: "refs/*" }')({ ref: 'refs/*' }))
})

test('a glob does not cross slashes and at signs', () => {
  const matches = matchesOf('{ ref: { glob: "refs/heads/*" } }')
  assert.ok(matches({ ref: 'refs/heads/main' }))
  assert.ok(!matches({ ref: 'refs/heads/a/b' }))
  assert.ok(!matches({ ref: 'refs/heads/a@b' }))
})

for (const [claim, events] of [
  ['event_name', ['pull_request', 'pull_request_target', 'pull_request_review']],
  ['pipeline_source', ['merge_request_event', 'external_pull_request_event', 'parent_pipeline']],
] as const) {
  for (const event of events) {
    test(`a run for ${event} matches no rule that does not name ${claim}`, () => {
      const claims = { id: '1', [claim]: event }
      assert.ok(!matchesOf('{ id: "1" }')(claims))
      assert.ok(matchesOf(`{ id: "1", ${claim}: ${event} }`)(claims))
      assert.ok(matchesOf(`{ id: "1", ${claim}: { glob: "*_*" } }`)(claims))
      assert.ok(!matchesOf(`{ id: "1", ${claim}: push }`)(claims))
    })
  }
}

test('to name one of the claims for events does not stand in for the other', () => {
  const matches = matchesOf('{ event_name: { glob: "pull_*" } }')
  assert.ok(!matches({ event_name: 'pull_request', pipeline_source: 'merge_request_event' }))
})

test('other events match as everything else does', () => {
  const matches = matchesOf('{ id: "1" }')
  for (const event of ['push', 'workflow_dispatch', 'my_pull_request']) {
    assert.ok(matches({ id: '1', event_name: event }), event)
  }
  assert.ok(matches({ id: '1', pipeline_source: 'push' }))
})

test('a rule of exact claims matches when all of them are there, and never otherwise', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const value = fc.constantFrom('1', '2', '1*')
  const claims = fc.dictionary(name, value, { minKeys: 1 })
  fc.assert(
    fc.property(claims, claims, (wanted, given) => {
      const expected = Object.entries(wanted).every(([key, text]) => given[key] === text)
      assert.equal(matchesOf(JSON.stringify(wanted))(given), expected)
    }),
  )
})
