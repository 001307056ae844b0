import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { parsePolicy } from '../../src/access/policy/parse-policy.ts'
import { type QuestionArguments, questionOf } from '../../src/commands/check/question.ts'
import { renderVerdict } from '../../src/commands/check/verdict.ts'
import { UsageError } from '../../src/commands/usage-error.ts'

const policy = parsePolicy(
  `version: 1
destinations:
  - name: acme
    repositories: ["acme/**"]
    stripPrefix: acme/
    registryId: "123456789012"
    roleArn: arn:aws:iam::123456789012:role/push
    createRepositories: true
  - { name: team, repositories: ["team/*"] }
agents:
  - name: builders
    tokens: []
    grants:
      - { repositories: ["acme/**"], actions: [push] }
      - { repositories: ["lost/*", "team/*"], actions: [pull] }
  - { name: watcher, tokens: [], grants: [{ actions: [observe] }] }
issuers:
  - name: github
    issuer: https://token.actions.githubusercontent.com
    audience: layergate
    rules:
      - name: main
        claims: { repository_owner_id: "1", ref: refs/heads/main }
        grants: [{ repositories: [acme/app], actions: [push] }]
      - name: any
        claims: { repository_owner_id: "1" }
        grants: [{ repositories: [team/app], actions: [push] }]
`,
  { kind: 'aws' },
)

type Asked = Omit<QuestionArguments, 'aws'> & { readonly aws?: boolean }

async function verdictOn(asked: Asked) {
  const question = await questionOf({ aws: false, ...asked }, policy)
  assert.ok(question)
  return renderVerdict(question)
}

async function fileWith(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'claims.json')
  await writeFile(path, text)
  return path
}

/** The verdict on a run of GitHub whose claims differ from those of a push to main. */
async function verdictOnRun(t: TestContext, claims: object, asked: Asked = {}) {
  const ofMain = {
    iss: 'https://token.actions.githubusercontent.com',
    aud: ['other', 'layergate'],
    sub: 'repo:acme/app:ref:refs/heads/main',
    repository_owner_id: '1',
    ref: 'refs/heads/main',
    event_name: 'push',
  }
  const path = await fileWith(t, JSON.stringify({ ...ofMain, ...claims }))
  return verdictOn({ issuer: 'github', claims: path, ...asked })
}

test('it is said which rule lets an agent push, and where that goes', async () => {
  const asked = { agent: 'builders', repository: 'acme/app', action: 'push' }
  assert.deepEqual(await verdictOn(asked), {
    isAllowed: true,
    text: `allowed: builders may push acme/app
rule: builders
destination: acme
registry: 123456789012
repository there: app
identity: arn:aws:iam::123456789012:role/push
created where it is missing: yes
`,
  })
})

for (const [what, asked, text] of [
  [
    'no grant',
    { agent: 'builders', repository: 'team/app', action: 'push' },
    'denied: builders may not push team/app: no grant covers it.\n',
  ],
  [
    'no destination',
    { agent: 'builders', repository: 'lost/app', action: 'pull' },
    'denied: builders may not pull lost/app: builders grants it, but no destination takes it.\n',
  ],
  [
    'no name behind the prefix',
    { agent: 'builders', repository: 'acme/a', action: 'push' },
    'denied: builders may not push acme/a: builders grants it, but the destination acme has no name for it.\n',
  ],
  [
    'no observe',
    { agent: 'builders', action: 'observe' },
    'denied: builders may not observe: no grant names it.\n',
  ],
  [
    'only another rule',
    { agent: 'github/any', repository: 'acme/app', action: 'push' },
    'matching rules: github/any\ndenied: github/any may not push acme/app: no grant covers it.\n',
  ],
] as const) {
  test(`where there is ${what}, the denial says so`, async () => {
    assert.deepEqual(await verdictOn(asked), { isAllowed: false, text })
  })
}

test('it is known who may observe', async () => {
  const verdict = await verdictOn({ agent: 'watcher', action: 'observe' })
  assert.deepEqual(verdict, { isAllowed: true, text: 'allowed: watcher may observe\n' })
})

test('one rule of an issuer is asked by its name, without the others', async () => {
  const asked = { agent: 'github/main', repository: 'acme/app', action: 'push' }
  const { isAllowed, text } = await verdictOn(asked)
  assert.ok(isAllowed)
  assert.match(text, /^matching rules: github\/main\n/)
  assert.match(text, /^rule: github\/main$/m)
})

test('the claims of a token show which rules they match', async (t) => {
  const text = 'matching rules: github/main, github/any\n'
  assert.deepEqual(await verdictOnRun(t, {}), { isAllowed: true, text })
})

test('the claims of a token show what they allow', async (t) => {
  const asked = { repository: 'team/app', action: 'push' }
  const { isAllowed, text } = await verdictOnRun(t, {}, asked)
  assert.ok(isAllowed)
  assert.match(text, /^rule: github\/any$/m)
  assert.match(text, /^registry: that of our own identity$/m)
  assert.match(text, /^identity: our own$/m)
  assert.match(text, /^created where it is missing: no$/m)
})

test('a run that no rule matches is denied, with what events have to be named', async (t) => {
  const { isAllowed, text } = await verdictOnRun(t, { event_name: 'pull_request' })
  assert.ok(!isAllowed)
  assert.equal(
    text,
    'matching rules: none\nnote: "event_name" is "pull_request": only rules that name it match.\n',
  )
})

for (const [claim, words] of [
  [
    'iss',
    'The claim "iss" is not that of the issuer github, https://token.actions.githubusercontent.com.',
  ],
  ['aud', 'The claim "aud" does not hold "layergate".'],
] as const) {
  test(`a token whose ${claim} is another is refused, whatever it matches`, async (t) => {
    const { isAllowed, text } = await verdictOnRun(t, { [claim]: 'https://other.example' })
    assert.ok(!isAllowed)
    assert.equal(text, `refused: ${words}\nmatching rules: github/main, github/any\n`)
  })
}

test('claims that are no JSON are not repeated: they may be a token', async (t) => {
  const claims = await fileWith(t, 'eyJhbGciOiJub25lIn0.secret')
  await assert.rejects(verdictOn({ issuer: 'github', claims }), (error) => {
    assert.ok(error instanceof UsageError)
    assert.equal(error.message, `The claims in ${claims} cannot be read: it is no JSON.`)
    return true
  })
})

test('a list is no claims', async (t) => {
  const claims = await fileWith(t, '[]')
  const words = `${claims} must hold an object of claims, as JSON.`
  await assert.rejects(verdictOn({ issuer: 'github', claims }), new UsageError(words))
})

for (const [asked, words] of [
  [{ agent: 'nobody', action: 'observe' }, 'The policy has no agent "nobody".'],
  [{ agent: 'github/none', action: 'observe' }, 'The policy has no rule "github/none".'],
  [{ agent: 'github/main/x', action: 'observe' }, 'The policy has no rule "github/main/x".'],
  [{ agent: 'builders' }, '--action is missing; see check --help.'],
  [{ repository: 'acme/app' }, '--action is missing; see check --help.'],
  [{ agent: 'builders', action: 'push' }, '--repository is missing; see check --help.'],
  [{ agent: 'builders', action: 'delete' }, "--action must be push, pull or observe, not 'delete'"],
  [
    { agent: 'builders', action: 'observe', repository: 'acme/app' },
    '--action observe goes without a repository.',
  ],
  [
    { agent: 'builders', action: 'push', repository: 'Acme/app' },
    '"Acme/app" is not a repository name.',
  ],
  [{ issuer: 'github' }, '--agent is missing, or --issuer with --claims; see check --help.'],
  [{ claims: 'x' }, '--agent is missing, or --issuer with --claims; see check --help.'],
  [{ issuer: 'none', claims: 'x' }, 'The policy has no issuer "none".'],
  [
    { agent: 'builders', issuer: 'github', action: 'observe' },
    '--agent does not go with --issuer and --claims.',
  ],
  [{ aws: true, agent: 'builders', action: 'observe' }, '--aws goes with --repository alone.'],
] as const) {
  test(`${JSON.stringify(asked)} makes no sense`, async () => {
    await assert.rejects(verdictOn(asked), new UsageError(words))
  })
}

test('nobody can be asked about where there is no policy', async () => {
  const asked = { aws: false, agent: 'builders', action: 'observe' }
  const words = 'There is no policy to be asked: LAYERGATE_POLICY is not set.'
  await assert.rejects(questionOf(asked, undefined), new UsageError(words))
})

test('without arguments nothing is asked', async () => {
  assert.equal(await questionOf({ aws: false }, policy), undefined)
  assert.equal(await questionOf({ aws: true, repository: 'team/app' }, undefined), undefined)
})
