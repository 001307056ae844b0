import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { policyOf, problemsIn, tokenHash } from './setup.ts'

const builders = (tokens: string, grants = '[]', more = '') =>
  `{ name: builders, tokens: ${tokens}, grants: ${grants}${more} }`

function hashOf(token: string): string {
  return `"sha256:${createHash('sha256').update(token).digest('hex')}"`
}

const notAHash =
  'line 5: An item of "tokens" must be "sha256:" and 64 digits of lower-case hexadecimal, as `layergate token` prints it: never the token itself.'

for (const [what, agent, expected] of [
  ['no tokens', '{ name: a, grants: [] }', 'line 5: An agent needs "tokens".'],
  ['no grants', '{ name: a, tokens: [] }', 'line 5: An agent needs "grants".'],
  ['a token itself', builders('[lg_very_secret]'), notAHash],
  ['a hash in capital letters', builders(`["sha256:${'AB'.repeat(32)}"]`), notAHash],
  ['a hash without its algorithm', builders(`["${tokenHash}"]`), notAHash],
  ['a hash that is too long', builders(`["sha256:${tokenHash}0"]`), notAHash],
  [
    'the hash of nothing',
    builders(`[${hashOf('')}]`),
    'line 5: This is the hash of an empty token.',
  ],
  [
    'the hash of a line end',
    builders(`[${hashOf('\n')}]`),
    'line 5: This is the hash of an empty token.',
  ],
  [
    'a token twice',
    builders(`[${hashOf('x')}, ${hashOf('x')}]`),
    'line 5: This token stands in line 5 already: one token proves one agent.',
  ],
  [
    'an unknown action',
    builders('[]', '[{ repositories: [a/b], actions: [delete] }]'),
    'line 5: "delete" is no action: there are "push", "pull", "observe".',
  ],
  [
    'no action',
    builders('[]', '[{ repositories: [a/b], actions: [] }]'),
    'line 5: "actions" must list one action at least.',
  ],
  [
    'a grant for pushing without repositories',
    builders('[]', '[{ actions: [observe, push] }]'),
    'line 5: A grant needs "repositories".',
  ],
  [
    'a limit of 0',
    builders('[]', '[]', ', limits: { uploads: 0 }'),
    'line 5: "uploads" must be above 0, 1000000 at most. To stop somebody, take the grants away.',
  ],
  [
    'a limit below 0',
    builders('[]', '[]', ', limits: { requestsPerSecond: -1 }'),
    'line 5: "requestsPerSecond" must be above 0, 1000000 at most. To stop somebody, take the grants away.',
  ],
  [
    'a limit that is no number',
    builders('[]', '[]', ', limits: { requestsPerSecond: .nan }'),
    'line 5: "requestsPerSecond" must be above 0, 1000000 at most. To stop somebody, take the grants away.',
  ],
  [
    'half an upload',
    builders('[]', '[]', ', limits: { uploads: 1.5 }'),
    'line 5: "uploads" must be a whole number.',
  ],
  [
    'a limit in quotes',
    builders('[]', '[]', ', limits: { uploads: "3" }'),
    'line 5: "uploads" must be a number, without quotes.',
  ],
] as const) {
  test(`${what} is a problem`, () => {
    assert.deepEqual(problemsIn({ agents: [agent] }), [expected])
  })
}

test('one token is not for two agents', () => {
  const agents = ['a', 'b'].map((name) => `{ name: ${name}, tokens: [${hashOf('x')}], grants: [] }`)
  assert.deepEqual(problemsIn({ agents }), [
    'line 6: This token stands in line 5 already: one token proves one agent.',
  ])
})

test('an agent and an issuer have different names', () => {
  const agents = ['{ name: ci, tokens: [], grants: [] }']
  const issuers = ['{ name: ci, issuer: "https://ci.example", audience: a, rules: [] }']
  assert.deepEqual(problemsIn({ agents, issuers }), [
    'line 7: The name "ci" stands in line 5 already, but agents and issuers need one each.',
  ])
})

test('whatever stands in the place of a hash is not told: it may be the token', () => {
  for (const token of ['12345678901234567890', 'true', '"lg_secret"', '{ lg_secret: x }']) {
    const problems = problemsIn({ agents: [builders(`[${token}]`)] })
    assert.equal(problems.length, 1)
    assert.doesNotMatch(problems.join(), /1234567890|true|lg_secret/)
  }
})

test('an agent without tokens or grants is one that is locked out', () => {
  assert.deepEqual(problemsIn({ agents: [builders('[]')] }), [])
})

test('a grant of observe alone needs no repositories, and covers none', () => {
  const { agents } = policyOf({ agents: [builders('[]', '[{ actions: [observe] }]')] })
  assert.equal(agents[0]?.grants[0]?.covers('a/b'), false)
})

test('whoever has no limits has none', () => {
  assert.deepEqual(policyOf({ agents: [builders('[]')] }).agents[0]?.limits, {})
})
