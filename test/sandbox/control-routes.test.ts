import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test, type TestContext } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import { digestOf, pushLayer } from './support/push.ts'
import { otherAccountId, otherRoleArn, roleArn, roleCredentials } from './support/sts.ts'

async function openControl(t: TestContext) {
  const sandbox = await openSandbox(t)
  const control = async (method: string, resource: string, body?: unknown) => {
    const answer = await fetch(`${sandbox.url}/_sandbox/${resource}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const content: unknown = await answer.json()
    return { status: answer.status, content }
  }
  return { sandbox, client: openClient(t, sandbox), control }
}

test('the sandbox says that it is well', async (t) => {
  const { control } = await openControl(t)
  assert.deepEqual(await control('GET', 'healthz'), { status: 200, content: { status: 'ok' } })
})

test('the log of calls is read and cleared, and does not hold control requests', async (t) => {
  const { sandbox, client, control } = await openControl(t)
  await client.describeRegistries()
  assert.deepEqual((await control('GET', 'calls')).content, sandbox.calls())
  assert.equal(sandbox.calls().length, 1)
  await control('DELETE', 'calls')
  assert.deepEqual((await control('GET', 'calls')).content, [])
})

test('faults are set one by one or as a list, read and cleared', async (t) => {
  const { client, control } = await openControl(t)
  const stall = { operation: 'PutImage', call: 3, fault: { kind: 'stall' } }
  const throttle = { kind: 'exception', name: 'ThrottlingException' }
  const range = { operation: '*', call: { from: 1, to: 2 }, fault: throttle }
  await control('POST', 'faults', stall)
  await control('POST', 'faults', [range])
  await assert.rejects(client.describeRegistries(), { name: 'ThrottlingException' })
  assert.deepEqual((await control('GET', 'faults')).content, [
    { ...stall, counted: 0 },
    { ...range, counted: 1 },
  ])
  await control('DELETE', 'faults')
  assert.deepEqual((await control('GET', 'faults')).content, [])
  assert.ok(await client.describeRegistries())
})

test('every kind of fault can be set over HTTP', async (t) => {
  const { control } = await openControl(t)
  const faults = [
    { kind: 'exception', name: 'A', status: 403, message: 'a', members: { a: 1 } },
    { kind: 'reset-mid-body', afterBytes: 1 },
    { kind: 'reset-before-storing' },
    { kind: 'reset-after-storing' },
    { kind: 'stall' },
    { kind: 'delay', delayMs: 1 },
    { kind: 'html-503' },
    { kind: 'empty-200' },
    { kind: 'truncated-answer' },
    { kind: 'flip-byte', offset: 1 },
    { kind: 'wrong-layer-digest', digest: 'sha256:00' },
    { kind: 'expired-credentials', accessKeyId: 'A' },
    { kind: 'clock-skew', aheadMs: -1 },
  ].map((fault) => ({ operation: '*', call: 'every', fault }))
  assert.equal((await control('POST', 'faults', faults)).status, 200)
  const set = faults.map(({ operation, call, fault }) => ({ operation, call, fault, counted: 0 }))
  assert.deepEqual((await control('GET', 'faults')).content, set)
})

test('switches are read and changed one by one', async (t) => {
  const { sandbox, control } = await openControl(t)
  const changes = { absentAs: 'failure', quotas: { PutImage: { ratePerSecond: 1, burst: 2 } } }
  const { content } = await control('PATCH', 'switches', changes)
  assert.deepEqual(content, sandbox.switches())
  const { absentAs, quotas, minPartBytes } = sandbox.switches()
  assert.deepEqual({ absentAs, quotas, minPartBytes }, { ...changes, minPartBytes: 4 })
  assert.deepEqual((await control('GET', 'switches')).content, content)
})

for (const [what, method, resource, body] of [
  ['a fault of no kind', 'POST', 'faults', { operation: '*', call: 1, fault: { kind: 'other' } }],
  ['a fault for call 0', 'POST', 'faults', { operation: '*', call: 0, fault: { kind: 'stall' } }],
  ['a fault without calls', 'POST', 'faults', { operation: '*', fault: { kind: 'stall' } }],
  [
    'a fault with a member of another',
    'POST',
    'faults',
    { operation: '*', call: 1, fault: { kind: 'stall', delayMs: 1 } },
  ],
  ['an unknown switch', 'PATCH', 'switches', { partSize: 1 }],
  ['a switch out of its values', 'PATCH', 'switches', { throttleStatus: 503 }],
  ['a repository that exists', 'POST', 'repositories', { repositoryName }],
  ['a malformed repository name', 'POST', 'repositories', { repositoryName: 'Team' }],
  ['a role that is no ARN', 'PUT', 'roles/push', {}],
  ['a role with an unknown word', 'PUT', `roles/${roleArn}`, { permission: ['*'] }],
  ['a role that names itself', 'PUT', `roles/${roleArn}`, { arn: roleArn }],
  ['a pattern that is no action', 'PUT', `permissions/${sandboxCredentials.accessKeyId}`, ['Put']],
  ['permissions that are no list', 'PUT', `permissions/${sandboxCredentials.accessKeyId}`, {}],
  ['permissions of an unknown key', 'PUT', 'permissions/AKIDOTHER', ['*']],
  [
    'a repository in no registry',
    'POST',
    'registries/999999999999/repositories',
    { repositoryName },
  ],
] as const) {
  test(`${what} is refused and changes nothing`, async (t) => {
    const { sandbox, control } = await openControl(t)
    const before = [sandbox.faults(), sandbox.switches(), sandbox.roles(), sandbox.state()]
    const { status, content } = await control(method, resource, body)
    assert.equal(status, 400)
    assert.ok(typeof content === 'object' && content !== null && 'message' in content)
    assert.deepEqual(
      [sandbox.faults(), sandbox.switches(), sandbox.roles(), sandbox.state()],
      before,
    )
    assert.ok(await openClient(t, sandbox).describeRegistries())
  })
}

test('state and layers are read back', async (t) => {
  const { sandbox, client, control } = await openControl(t)
  const digest = await pushLayer(client, 'abcd')
  assert.deepEqual((await control('GET', 'state')).content, sandbox.state())
  const layer = await fetch(`${sandbox.url}/_sandbox/layers/${repositoryName}/${digest}`)
  assert.equal(await layer.text(), 'abcd')
  const absent = await control('GET', `layers/${repositoryName}/${digestOf('other')}`)
  assert.equal(absent.status, 404)
  assert.equal((await control('GET', `layers/team/other/${digest}`)).status, 404)
})

test('repositories are created and removed, layers removed', async (t) => {
  const { sandbox, client, control } = await openControl(t)
  const created = await control('POST', 'repositories', { repositoryName: 'team/new' })
  assert.equal(created.status, 201)
  const digest = await pushLayer(client, 'abcd', 'team/new')
  await control('DELETE', `layers/team/new/${digest}`)
  assert.deepEqual(sandbox.state().repositories[1]?.layers, [])
  await control('DELETE', 'repositories/team/new')
  assert.deepEqual(
    sandbox.state().repositories.map(({ name }) => name),
    [repositoryName],
  )
})

test('another resource or method is not found', async (t) => {
  const { control } = await openControl(t)
  assert.equal((await control('GET', 'other')).status, 404)
  assert.equal((await control('POST', 'state')).status, 404)
  assert.equal((await control('DELETE', 'state')).status, 404)
})

test('roles are made, listed, changed and removed', async (t) => {
  const { sandbox, control } = await openControl(t)
  const resource = `roles/${roleArn}`
  const role = {
    externalId: 'acme',
    trustedAccessKeys: [sandboxCredentials.accessKeyId],
    webIdentity: { issuer: 'https://oidc.example.com', audience: 'sts.amazonaws.com' },
    registryId: otherAccountId,
    permissions: ['ecr-public:*'],
    maxSessionSeconds: 3600,
  }
  assert.equal((await control('PUT', resource, role)).status, 200)
  assert.deepEqual((await control('GET', 'roles')).content, [{ ...role, arn: roleArn }])
  assert.ok(await roleCredentials(sandbox, { externalId: 'acme' })())
  await control('PUT', resource)
  assert.deepEqual((await control('GET', 'roles')).content, [{ arn: roleArn }])
  assert.ok(await roleCredentials(sandbox)())
  await control('DELETE', resource)
  assert.deepEqual((await control('GET', 'roles')).content, [])
  await assert.rejects(roleCredentials(sandbox)(), { name: 'AccessDenied' })
})

test('the permissions of an access key are set and lifted', async (t) => {
  const { client, control } = await openControl(t)
  const resource = `permissions/${sandboxCredentials.accessKeyId}`
  assert.equal((await control('PUT', resource, ['ecr-public:PutImage'])).status, 200)
  await assert.rejects(client.describeRegistries(), { name: 'AccessDeniedException' })
  assert.equal((await control('DELETE', resource)).status, 200)
  assert.ok(await client.describeRegistries())
})

test('the registry of another account has the same resources', async (t) => {
  const { sandbox, control } = await openControl(t)
  await control('PUT', `roles/${otherRoleArn}`)
  const other = `registries/${otherAccountId}`
  await control('POST', `${other}/repositories`, { repositoryName: 'other/app' })
  const client = openClient(t, sandbox, {
    credentials: roleCredentials(sandbox, { arn: otherRoleArn }),
  })
  const digest = await pushLayer(client, 'abcd', 'other/app')
  const state = await control('GET', `${other}/state`)
  assert.deepEqual(state.content, sandbox.registry(otherAccountId).state())
  const url = `${sandbox.url}/_sandbox/${other}/layers/other/app/${digest}`
  assert.equal(await (await fetch(url)).text(), 'abcd')
  assert.equal((await control('GET', `layers/other/app/${digest}`)).status, 404)
  await control('DELETE', `${other}/layers/other/app/${digest}`)
  assert.equal((await fetch(url)).status, 404)
  await control('DELETE', `${other}/repositories/other/app`)
  assert.deepEqual(sandbox.registry(otherAccountId).state().repositories, [])
  assert.equal(sandbox.state().repositories.length, 1)
  assert.equal((await control('GET', `${other}/other`)).status, 404)
  assert.equal((await control('GET', `registries/${otherAccountId}x/state`)).status, 400)
})

const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

test('the controls answer to loopback only, the API to all', {
  skip: outside === undefined && 'this machine has no address but loopback',
}, async (t) => {
  const sandbox = await openSandbox(t, { host: '0.0.0.0' })
  const url = `http://${outside}:${sandbox.port}`
  const control = await fetch(`${url}/_sandbox/healthz`)
  assert.equal(control.status, 403)
  const client = openClient(t, sandbox, { endpoint: url })
  assert.ok(await client.describeRegistries())
})
