import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parsePolicy } from '../../../src/access/policy/parse-policy.ts'
import { agent, aws, issuer, policyOf, problemsOf, tokenHash } from './setup.ts'

test('a whole policy is read as it stands', () => {
  const policy = parsePolicy(
    `version: 1
destinations:
  - name: acme
    repositories: ["acme/**"]
    stripPrefix: acme/
    registryId: "123456789012"
    roleArn: arn:aws:iam::210987654321:role/push
    externalId: acme-1
    createRepositories: true
    writeOnceTags: ["v*"]
agents:
  - name: builders
    tokens: ["sha256:${tokenHash}"]
    grants: [{ repositories: ["acme/**"], actions: [push, observe] }]
    limits: { uploads: 32, requestsPerSecond: 0.5 }
issuers:
  - name: ci
    issuer: https://ci.example/path/
    audience: layergate
    jwksUri: https://keys.example/jwks?v=1
    caFile: ca.pem
    tokenFile: token
    rules:
      - name: main
        claims: { ref: main }
        grants: []
`,
    aws,
  )
  const [acme] = policy.destinations
  assert.deepEqual(
    { ...acme, takes: undefined, isWriteOnce: undefined },
    {
      name: 'acme',
      registry: 'aws/123456789012#acme/',
      registryId: '123456789012',
      stripPrefix: 'acme/',
      role: { arn: 'arn:aws:iam::210987654321:role/push', externalId: 'acme-1' },
      createRepositories: true,
      takes: undefined,
      isWriteOnce: undefined,
    },
  )
  assert.ok(acme?.takes('acme/app') && !acme.takes('other/app'))
  assert.ok(acme?.isWriteOnce?.('v1') && !acme.isWriteOnce('latest'))

  const [builders] = policy.agents
  assert.deepEqual(builders?.tokenHashes, [tokenHash])
  assert.deepEqual(builders?.limits, { uploads: 32, requestsPerSecond: 0.5 })
  assert.deepEqual([...(builders?.grants[0]?.actions ?? [])], ['push', 'observe'])

  const [ci] = policy.issuers
  assert.deepEqual(
    { ...ci, rules: undefined, jwksUri: ci?.jwksUri?.href },
    {
      name: 'ci',
      issuer: 'https://ci.example/path/',
      audience: 'layergate',
      jwksUri: 'https://keys.example/jwks?v=1',
      caFile: 'ca.pem',
      tokenFile: 'token',
      rules: undefined,
    },
  )
  assert.ok(ci?.rules[0]?.matches({ ref: 'main' }))
})

test('nothing of a policy can be changed', () => {
  const policy = policyOf({
    agents: [agent('builders', '{ repositories: ["**"], actions: [push] }')],
    issuers: [issuer('ci', '{ name: main, claims: { ref: main }, grants: [] }')],
  })
  const parts = [
    policy,
    policy.destinations,
    policy.destinations[0],
    policy.agents,
    policy.agents[0],
    policy.agents[0]?.tokenHashes,
    policy.agents[0]?.grants[0],
    policy.agents[0]?.limits,
    policy.issuers[0]?.rules,
    policy.issuers[0]?.rules[0],
  ]
  assert.deepEqual(
    parts.map((part) => Object.isFrozen(part) && part !== undefined),
    parts.map(() => true),
  )
})

test('agents and issuers may be left out, or be none: then nobody may do anything', () => {
  assert.deepEqual(problemsOf('version: 1\ndestinations: []\n'), [])
  assert.deepEqual(problemsOf('version: 1\ndestinations: []\nagents: []\nissuers: []\n'), [])
})

test('all problems are told at once, in the order of the lines', () => {
  const problems = problemsOf(
    'version: 2\nagents:\n  - name: A\n    tokens: [x]\ndestinations:\n  - {}\n',
  )
  assert.deepEqual(
    problems.map((problem) => /^line (\d+): /.exec(problem)?.[1]),
    ['1', '3', '3', '4', '6', '6'],
  )
})

test('a key that is misspelt is told with the one that was meant', () => {
  const problems = problemsOf('version: 1\ndestinations: []\nisuers: []\n')
  assert.deepEqual(problems, ['line 3: "isuers" is no key of a policy: did you mean "issuers"?'])
})

test('a key that is like no other is told with all that there are', () => {
  assert.deepEqual(problemsOf('version: 1\ndestinations: []\nx: 1\n'), [
    'line 3: "x" is no key of a policy: there are "version", "destinations", "agents", "issuers".',
  ])
})

for (const [what, text, expected] of [
  ['no version', 'destinations: []\n', 'line 1: A policy needs "version".'],
  ['another version', 'version: 2\ndestinations: []\n', 'line 1: "version" must be 1, but is 2.'],
  [
    'a version in quotes',
    'version: "1"\ndestinations: []\n',
    'line 1: "version" must be a number, without quotes.',
  ],
  ['no destinations', 'version: 1\n', 'line 1: A policy needs "destinations".'],
  [
    'destinations without a value',
    'version: 1\ndestinations:\n',
    'line 2: "destinations" must be a list ("[…]").',
  ],
  [
    'a destination that is text',
    'version: 1\ndestinations:\n  - acme\n',
    'line 3: An item of "destinations" must be a mapping ("key: value").',
  ],
  [
    'a key that is a number',
    'version: 1\ndestinations: []\n2: x\n',
    'line 3: A key of the policy is no text.',
  ],
  ['an empty file', '', 'line 1: The policy must be a mapping ("key: value").'],
  ['nothing but a comment', '# soon\n', 'line 1: The policy must be a mapping ("key: value").'],
  ['a list', '- version: 1\n', 'line 1: The policy must be a mapping ("key: value").'],
] as const) {
  test(`${what} is a problem`, () => assert.deepEqual(problemsOf(text), [expected]))
}

for (const [what, text, expected] of [
  [
    'a key twice',
    'version: 1\nversion: 1\ndestinations: []\n',
    'line 2: "version" stands here a second time.',
  ],
  [
    'a second document',
    'version: 1\ndestinations: []\n---\nversion: 1\n',
    'line 3: A second document begins here, but a policy is one.',
  ],
  [
    'a tab',
    'version: 1\ndestinations:\n\t- name: x\n',
    'line 3: Tabs are not allowed as indentation: use spaces.',
  ],
  [
    'an alias',
    'version: 1\ndestinations: &all []\nagents: *all\n',
    'line 3: "*all" refers to another place: write out what stands there.',
  ],
  [
    'an alias of nothing',
    'version: 1\ndestinations: *all\n',
    'line 2: "*all" refers to another place: write out what stands there.',
  ],
  ['a tag', 'version: 1\ndestinations: !env X\n', 'line 2: A policy has no tags ("!…").'],
  [
    'a quote without an end',
    'version: 1\ndestinations: "x\n',
    'line 3: This is no valid YAML: Missing closing "quote.',
  ],
] as const) {
  test(`${what} is no YAML for a policy`, () => {
    assert.equal(problemsOf(text)[0], expected)
  })
}

test('a bomb of aliases is refused before it is spread out', () => {
  const levels = Array.from({ length: 30 }, (_, at) => {
    const content = at === 0 ? 'x' : Array.from({ length: 9 }, () => `*a${at - 1}`).join(', ')
    return `a${at}: &a${at} [${content}]`
  })
  const problems = problemsOf(levels.join('\n'))
  assert.equal(problems[0], 'line 2: "*a0" refers to another place: write out what stands there.')
})

test('a merge is a key like any other', () => {
  assert.match(
    problemsOf('version: 1\ndestinations: []\n<<: { agents: [] }\n')[0] ?? '',
    /^line 3: "<<" is no key of a policy/,
  )
})

test('a file that is nested without end is refused', () => {
  const depth = 20_000
  for (const text of ['['.repeat(depth) + ']'.repeat(depth), '- '.repeat(depth)]) {
    assert.ok(problemsOf(text).includes('line 1: It is nested too deeply.'))
  }
})

test('of very many problems the first hundred are told, and how many there are', () => {
  const keys = Array.from({ length: 1_000 }, (_, at) => `unknown${at}: 1`)
  const problems = problemsOf(`version: 1\ndestinations: []\n${keys.join('\n')}`)
  assert.equal(problems.length, 101)
  assert.match(problems[99] ?? '', /^line 102: "unknown99" /)
  assert.equal(problems[100], 'And 900 more.')
})

test('what stands where YAML does not expect it is not repeated: it may be a token', () => {
  for (const text of [
    'a: ]lg_secret\n',
    'a: |lg_secret\n x\n',
    'a: "x" lg_secret\n',
    '@lg_secret',
  ]) {
    const problems = problemsOf(text)
    assert.ok(problems.length > 0)
    assert.doesNotMatch(problems.join('\n'), /lg_secret/, text)
  }
})

test('whatever comes, it is a policy or problems with lines', () => {
  const pieces = fc.constantFrom(
    ...'version: 1|destinations:|agents:|issuers:|  - name: x|    tokens: [|]|    grants: []'.split(
      '|',
    ),
    ...'    claims: { a: b }|  rules:|- |{|}|"|&a|*a|\t|---|? |#|\u0000|🙂'.split('|'),
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), fc.constantFrom('\n', ' '), (parts, glue) => {
      for (const problem of problemsOf(parts.join(glue)))
        assert.match(problem, /^line \d+: \S.*\.$|\?$/s)
    }),
    { numRuns: 500 },
  )
})
