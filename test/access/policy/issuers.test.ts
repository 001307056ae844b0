import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issuer, policyOf, problemsIn } from './setup.ts'

const own = (more: string) => `{ name: ci, audience: layergate, rules: []${more} }`

for (const [what, entry, expected] of [
  ['no issuer', own(''), 'line 5: An issuer needs "issuer".'],
  [
    'no audience',
    '{ name: ci, issuer: "https://ci.example", rules: [] }',
    'line 5: An issuer needs "audience".',
  ],
  [
    'no rules',
    '{ name: ci, issuer: "https://ci.example", audience: a }',
    'line 5: An issuer needs "rules".',
  ],
  [
    'an empty audience',
    '{ name: ci, issuer: "https://ci.example", audience: "", rules: [] }',
    'line 5: "audience" is empty.',
  ],
  [
    'an issuer over http',
    own(', issuer: "http://ci.example"'),
    `line 5: "issuer" must begin with https://: keys that come over http can be anybody's.`,
  ],
  [
    'an issuer that only looks like this machine',
    own(', issuer: "http://127.0.0.1.example"'),
    `line 5: "issuer" must begin with https://: keys that come over http can be anybody's.`,
  ],
  [
    'an issuer that is no URL',
    own(', issuer: ci.example'),
    'line 5: "issuer" must be a URL that begins with https://, but is "ci.example".',
  ],
  [
    'an issuer with a query',
    own(', issuer: "https://ci.example?x=1"'),
    'line 5: "issuer" must have neither a query nor a fragment.',
  ],
  [
    'an issuer with a password',
    own(', issuer: "https://user:hidden@ci.example"'),
    'line 5: "issuer" must hold no user and password.',
  ],
  [
    'keys over http',
    own(', issuer: "https://ci.example", jwksUri: "http://ci.example/jwks"'),
    `line 5: "jwksUri" must begin with https://: keys that come over http can be anybody's.`,
  ],
  [
    'keys in two places',
    own(', issuer: "https://ci.example", jwksUri: "https://ci.example/jwks", jwksFile: keys'),
    'line 5: "jwksUri" says how keys are fetched, but "jwksFile" is where they are: keep one of them.',
  ],
  [
    'an authority for a file',
    own(', issuer: "https://ci.example", caFile: ca, jwksFile: keys'),
    'line 5: "caFile" says how keys are fetched, but "jwksFile" is where they are: keep one of them.',
  ],
] as const) {
  test(`${what} is a problem`, () => {
    assert.deepEqual(problemsIn({ issuers: [entry] }), [expected])
  })
}

for (const url of [
  'http://localhost:1',
  'http://127.0.0.1:1',
  'http://127.8.9.1',
  'http://[::1]:1',
]) {
  test(`${url} needs no https`, () => {
    assert.deepEqual(problemsIn({ issuers: [own(`, issuer: "${url}", jwksUri: "${url}/x"`)] }), [])
  })
}

test('an issuer is kept to the byte', () => {
  const text = 'https://CI.example:443/a/../b/'
  const [entry] = policyOf({ issuers: [own(`, issuer: "${text}"`)] }).issuers
  assert.equal(entry?.issuer, text)
})

test('one issuer with one audience stands there once', () => {
  const same = 'issuer: "https://ci.example", audience: a, rules: [] }'
  assert.deepEqual(problemsIn({ issuers: [`{ name: a, ${same}`, `{ name: b, ${same}`] }), [
    'line 6: The issuers "a" and "b" are one: give their rules to one of them, or give them different audiences.',
  ])
})

test('one issuer may have two audiences', () => {
  const issuers = ['a', 'b'].map(
    (name) => `{ name: ${name}, issuer: "https://ci.example", audience: ${name}, rules: [] }`,
  )
  assert.deepEqual(problemsIn({ issuers }), [])
})

test('the rules of two issuers may have the same names, those of one may not', () => {
  const rule = '{ name: main, claims: { ref: main }, grants: [] }'
  assert.deepEqual(problemsIn({ issuers: [issuer('a', rule), issuer('b', rule)] }), [])
  assert.deepEqual(problemsIn({ issuers: [issuer('a', `${rule}, ${rule}`)] }), [
    'line 5: The name "main" stands in line 5 already, but the rules of an issuer need one each.',
  ])
})

const github = 'https://token.actions.githubusercontent.com'
const circle = 'https://oidc.circleci.com/org/0183c4e6-c88c-4b5e-8d8c-3f1a2b4c5d6e'

function problemsOfRule(url: string, claims: string): readonly string[] {
  const rules = `[{ name: main, claims: { ${claims} }, grants: [] }]`
  return problemsIn({
    issuers: [`{ name: ci, issuer: "${url}", audience: layergate, rules: ${rules} }`],
  })
}

for (const [url, claims] of [
  [github, 'repository_owner_id: "1"'],
  [github, 'repository_id: "1", ref: refs/heads/main'],
  [github, 'enterprise_id: "1"'],
  [`${github}/acme`, 'repository_owner_id: "1"'],
  ['https://gitlab.com', 'project_id: "1"'],
  ['https://gitlab.com', 'namespace_id: "1"'],
  ['https://gitlab.example', 'project_path: acme/app'],
  ['https://github.example/_services/token', 'repository: acme/app'],
  ['https://agent.buildkite.com', 'organization_id: x'],
  ['https://agent.buildkite.com', 'pipeline_id: x'],
  ['https://oidc.circleci.com', '"oidc.circleci.com/project-id": x'],
  [circle, '"oidc.circleci.com/vcs-ref": refs/heads/main'],
] as const) {
  test(`a rule for ${url} may say ${claims}`, () => {
    assert.deepEqual(problemsOfRule(url, claims), [])
  })
}

for (const [url, claims] of [
  [github, 'repository_owner: acme'],
  [github, 'sub: "repo:acme/app:ref:refs/heads/main"'],
  [github, 'repository_owner_id: { glob: "1*" }'],
  [`${github}/acme`, 'ref: main'],
  [`${github}.:443`, 'ref: main'],
  ['https://TOKEN.actions.githubusercontent.com', 'ref: main'],
  ['https://gitlab.com', 'project_path: acme/app'],
  ['https://gitlab.com/', 'namespace_path: acme'],
  ['https://agent.buildkite.com', 'organization_slug: acme'],
  ['https://oidc.circleci.com', '"oidc.circleci.com/vcs-ref": main'],
  ['https://oidc.circleci.com/org/', 'sub: x'],
  [`${circle}/x`, 'sub: x'],
] as const) {
  test(`a rule for ${url} may not say ${claims} alone`, () => {
    const [problem, ...others] = problemsOfRule(url, claims)
    assert.match(
      problem ?? '',
      /^line 5: Everybody can have tokens of https:.*the rule "main" must say/,
    )
    assert.deepEqual(others, [])
  })
}
