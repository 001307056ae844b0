import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Policy, PolicyDestination } from '../../src/access/policy/policy.ts'
import { checkAws, type CheckAwsOptions } from '../../src/commands/check/aws.ts'
import { loadConfig } from '../../src/config/config.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { sandboxCredentials, type SandboxOptions } from '../../src/sandbox/sandbox.ts'
import { openSandbox } from '../sandbox/support/open-sandbox.ts'

const arn = 'arn:aws:iam::123456789012:role/push'

/** All that a destination needs in which no repositories are created. */
const needed = [
  'ecr-public:GetAuthorizationToken',
  'sts:GetServiceBearerToken',
  'ecr-public:DescribeRegistries',
  'ecr-public:BatchCheckLayerAvailability',
  'ecr-public:InitiateLayerUpload',
  'ecr-public:UploadLayerPart',
  'ecr-public:CompleteLayerUpload',
  'ecr-public:PutImage',
]

function policyOf(...destinations: PolicyDestination[]): Policy {
  return { destinations, agents: [], issuers: [] }
}

function destinationOf(more: Partial<PolicyDestination>): PolicyDestination {
  return { name: 'acme', registry: 'acme', takes: () => true, ...more }
}

async function setUp(t: TestContext, options: SandboxOptions = {}) {
  const sandbox = await openSandbox(t, options)
  const config = loadConfig({
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
  })
  return {
    sandbox,
    config,
    async check(policy?: Policy, more: CheckAwsOptions = {}) {
      let text = ''
      const write = (part: string) => {
        text += part
      }
      const status = await checkAws(config, policy, { write, ...more })
      return { status, text, lines: text.split('\n') }
    },
  }
}

function allowing(permissions: readonly string[]): SandboxOptions {
  return { credentials: { ...sandboxCredentials, permissions } }
}

test('where all is there each permission is told, and nothing has changed', async (t) => {
  const { check, sandbox } = await setUp(t, allowing(needed))
  const before = sandbox.state()
  const { status, text } = await check()
  assert.equal(status, 0)
  assert.equal(
    text,
    `
Destination default, as the service's own identity:
  works    credentials
  works    ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken
  works    ecr-public:DescribeRegistries
  works    reading from the registry
  works    ecr-public:BatchCheckLayerAvailability
  works    ecr-public:InitiateLayerUpload
  works    ecr-public:UploadLayerPart
  works    ecr-public:CompleteLayerUpload
  works    ecr-public:PutImage

All is there.
`,
  )
  assert.deepEqual(sandbox.state(), before)
})

for (const action of needed) {
  test(`without ${action} it is that one that is named, with the identity that lacks it`, async (t) => {
    const { check } = await setUp(t, allowing(needed.filter((other) => other !== action)))
    const { status, lines } = await check()
    assert.equal(status, 1)
    const missing = lines.flatMap((line, index) => (line.includes('MISSING') ? [index] : []))
    assert.equal(missing.length, 1)
    const at = missing[0] ?? assert.fail()
    assert.equal(lines[at], `  MISSING  ${action}`)
    assert.match(
      lines[at + 1] ?? '',
      /User: arn:aws:iam::123456789012:user\/AKIDLAYERGATESANDBOX is not authorized to perform: /,
    )
    const working = lines.filter((line) => line.startsWith('  works')).join()
    assert.equal(working.includes(action), false)
  })
}

test('a role is assumed and tried, where repositories are created that too', async (t) => {
  const { check, sandbox } = await setUp(t, {
    roles: [{ arn, externalId: 'acme-1', permissions: [...needed, 'ecr-public:CreateRepository'] }],
  })
  const before = sandbox.state()
  const role = { arn, externalId: 'acme-1' }
  const { status, lines } = await check(policyOf(destinationOf({ role, createRepositories: true })))
  assert.equal(status, 0)
  assert.equal(lines[1], `Destination acme, as the role ${arn}:`)
  assert.equal(lines[2], '  works    sts:AssumeRole')
  assert.ok(lines.includes('  works    ecr-public:CreateRepository'))
  assert.deepEqual(sandbox.state(), before)
})

test('a role that may not create repositories where it should is told', async (t) => {
  const { check } = await setUp(t, { roles: [{ arn, permissions: needed }] })
  const { status, lines } = await check(
    policyOf(destinationOf({ role: { arn }, createRepositories: true })),
  )
  assert.equal(status, 1)
  assert.ok(lines.includes('  MISSING  ecr-public:CreateRepository'))
  assert.ok(lines.some((line) => line.includes('assumed-role/push/layergate-acme')))
})

test('a role that cannot be assumed ends its destination, and the next one is tried', async (t) => {
  const { check, sandbox } = await setUp(t, { roles: [{ arn, externalId: 'acme-1' }] })
  const policy = policyOf(
    destinationOf({ role: { arn, externalId: 'wrong' } }),
    destinationOf({ name: 'own' }),
  )
  const { status, lines } = await check(policy)
  assert.equal(status, 1)
  assert.equal(lines[2], '  MISSING  sts:AssumeRole')
  assert.ok(lines[3]?.includes(arn))
  assert.equal(lines[5], "Destination own, as the service's own identity:")
  assert.equal(lines.filter((line) => line.startsWith('  works')).length, 9)
  assert.equal(sandbox.calls()[0]?.operation, 'AssumeRole')
  assert.equal(
    sandbox.calls().some(({ roleArn }) => roleArn !== undefined),
    false,
  )
})

test('credentials that AWS does not know are told once', async (t) => {
  const { check } = await setUp(t, { credentials: { ...sandboxCredentials, accessKeyId: 'X' } })
  const { status, lines } = await check()
  assert.equal(status, 1)
  const unknown = lines.filter((line) => line.startsWith('  UNKNOWN'))
  assert.deepEqual(unknown, [
    '  UNKNOWN  ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken',
  ])
  assert.ok(lines.some((line) => line.includes('UnrecognizedClientException')))
})

test('an upstream that cannot be reached is told once', async (t) => {
  const { check, sandbox } = await setUp(t)
  await sandbox.close()
  const { status, lines } = await check()
  assert.equal(status, 1)
  assert.equal(lines.filter((line) => line.startsWith('  UNKNOWN')).length, 1)
  assert.ok(lines.some((line) => line.includes('ECONNREFUSED')))
})

test('a short outage is waited for', async (t) => {
  const { check, sandbox } = await setUp(t)
  const fault = { kind: 'html-503' } as const
  sandbox.addFault({ operation: 'PutImage', call: 1, fault })
  assert.equal((await check()).status, 0)
})

test('a registry that is not there could not be found out', async (t) => {
  const { check } = await setUp(t)
  const { status, lines } = await check(policyOf(destinationOf({ registryId: 'nowhere' })))
  assert.equal(status, 1)
  assert.ok(lines.some((line) => line.includes('RegistryNotFoundException')))
})

test('the alias of a registry is not asked for where it is given', async (t) => {
  const permissions = needed.filter((action) => action !== 'ecr-public:DescribeRegistries')
  const { check, sandbox } = await setUp(t, allowing(permissions))
  const { status, text } = await check(policyOf(destinationOf({ registryId: 'sandbox' })))
  assert.equal(status, 0, text)
  assert.equal(
    sandbox.calls().some(({ operation }) => operation === 'DescribeRegistries'),
    false,
  )
})

test('the alias is not enough where repositories are created: whose the registry is must be known', async (t) => {
  const permissions = [...needed, 'ecr-public:CreateRepository']
  const without = permissions.filter((action) => action !== 'ecr-public:DescribeRegistries')
  const { check } = await setUp(t, allowing(without))
  const destination = destinationOf({ registryId: 'sandbox', createRepositories: true })
  const { status, lines } = await check(policyOf(destination))
  assert.equal(status, 1)
  assert.ok(lines.includes('  MISSING  ecr-public:DescribeRegistries'))
})

test('a repository that is named is that of the first destination that takes it alone', async (t) => {
  const { check, sandbox } = await setUp(t)
  const other = destinationOf({ name: 'other', takes: () => false, stripPrefix: 'other/' })
  const repository = parseRepositoryName('acme/app')
  const acme = destinationOf({ takes: (name) => name.startsWith('acme/') })
  const { status } = await check(policyOf(other, acme), { repository })
  assert.equal(status, 0)
  const names = sandbox.calls().flatMap(({ repositoryName }) => repositoryName ?? [])
  const below = names.filter((name) => name.startsWith('acme/app/layergate-check-'))
  assert.equal(below.length * 2, names.length)
})

test('what is asked for lies below the repository that is named, by the name that the registry has', async (t) => {
  const { check, sandbox } = await setUp(t)
  const repository = parseRepositoryName('acme/team/app')
  await check(policyOf(destinationOf({ stripPrefix: 'acme/' })), { repository })
  const names = sandbox.calls().flatMap(({ repositoryName }) => repositoryName ?? [])
  assert.ok(names.length > 5)
  for (const name of names) assert.match(name, /^team\/app\/layergate-check-[0-9a-f]{16}$/)
})

/** The lines on whether destinations are two registries, and the status. */
async function walls(t: TestContext, destinations: PolicyDestination[], options?: SandboxOptions) {
  const { check, sandbox } = await setUp(t, { alias: 'acme', ...options })
  const { status, lines } = await check(policyOf(...destinations))
  const title = lines.indexOf('Destinations with different prefixes:')
  return { status, told: title < 0 ? [] : lines.slice(title + 1, -3), sandbox }
}

const byId = destinationOf({ name: 'id', registryId: '123456789012' })
const byAlias = destinationOf({ name: 'alias', registryId: 'acme', stripPrefix: 'acme/' })

test('an alias and an id of one registry are a problem where their prefixes differ', async (t) => {
  const { status, told } = await walls(t, [byAlias, byId])
  assert.equal(status, 1)
  assert.deepEqual(told, [
    '  MISSING  alias and id are two registries',
    '           The destinations alias and id are one registry under two names, so they need the same "stripPrefix": otherwise a grant for one could be a grant for the other.',
  ])
})

test('our own registry without a name is a problem beside its id in the same way', async (t) => {
  const own = destinationOf({ name: 'own', stripPrefix: 'acme/' })
  const { status, told } = await walls(t, [byId, own])
  assert.equal(status, 1)
  assert.equal(told[0], '  MISSING  id and own are two registries')
})

test('two names of one registry are no problem with one prefix', async (t) => {
  const { status, told } = await walls(t, [byAlias, { ...byId, stripPrefix: 'acme/' }])
  assert.equal(status, 0)
  assert.deepEqual(told, [])
})

test('an alias of another registry is none of a destination with another prefix', async (t) => {
  const away = { registryId: '210987654321', alias: 'away', repositories: [] }
  const other = destinationOf({ name: 'other', registryId: 'away', stripPrefix: 'away/' })
  const { told } = await walls(t, [byId, other], { registries: [away] })
  assert.deepEqual(told, ['  works    id and other are two registries'])
})

test('what nobody is told of could not be found out, and is no success', async (t) => {
  const foreign = ['one', 'two'].map((name) =>
    destinationOf({ name, registryId: name, stripPrefix: `${name}/` }),
  )
  const { status, told } = await walls(t, foreign)
  assert.equal(status, 1)
  assert.equal(told[0], '  UNKNOWN  one and two are two registries')
})

test('a permission that may be for other repositories is told as such, unless one was named', async (t) => {
  const { check } = await setUp(t, allowing(needed.filter((name) => !name.endsWith('PutImage'))))
  const hint = /name one of them with --repository/
  assert.match((await check()).text, hint)
  const repository = parseRepositoryName('team/app')
  assert.doesNotMatch((await check(undefined, { repository })).text, hint)
})

test('no secret and no token is shown', async (t) => {
  const { check, sandbox } = await setUp(t, { roles: [{ arn }] })
  sandbox.addFault({ operation: 'PutImage', call: 'every', fault: { kind: 'expired-credentials' } })
  const { text } = await check(
    policyOf(destinationOf({ role: { arn } }), destinationOf({ name: 'own' })),
  )
  assert.match(text, /ExpiredTokenException/)
  assert.equal(text.includes(sandboxCredentials.secretAccessKey), false)
  assert.doesNotMatch(text, /ASIA|AWS:|QVdT/)
})
