import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { spawned } from '../support/spawned.ts'

const policy = `version: 1
destinations: [{ name: all, repositories: ["**"] }]
agents:
  - { name: builders, tokens: [], grants: [{ repositories: ["acme/*"], actions: [push] }] }
`

async function check(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const process = await spawned(t, ['check', ...args], { LAYERGATE_UPSTREAM: 'aws', ...env })
  const status = await process.exit()
  return { status, stdout: process.stdout(), stderr: process.stderr() }
}

async function policyFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'policy.yaml')
  await writeFile(path, text)
  return path
}

test('check says what a good policy holds', async (t) => {
  const path = await policyFile(t, policy)
  const { status, stdout } = await check(t, [], { LAYERGATE_POLICY: path })
  assert.equal(status, 0)
  assert.equal(
    stdout,
    `The configuration is valid: layers go to aws.\nThe policy ${path} is valid: 1 destination(s), 1 agent(s), 0 issuer(s).\n`,
  )
})

test('check says that nobody is asked where there is no policy', async (t) => {
  const { status, stdout } = await check(t, [], { LAYERGATE_UPSTREAM: 'sandbox' })
  assert.equal(status, 0)
  assert.match(stdout, /There is no policy: nobody is asked who they are\.\n$/)
})

test('check names every problem of a policy with its line, and exits 2', async (t) => {
  const path = await policyFile(t, 'version: 2\nagents: x\n')
  const { status, stdout, stderr } = await check(t, [], { LAYERGATE_POLICY: path })
  assert.deepEqual([status, stdout], [2, ''])
  assert.equal(
    stderr,
    `${path}: The policy has 3 problem(s):\n  line 1: "version" must be 1, but is 2.\n  line 1: A policy needs "destinations".\n  line 2: "agents" must be a list ("[…]").\n`,
  )
})

test('check names a policy that is not there, and exits 2', async (t) => {
  const { status, stderr } = await check(t, [], { LAYERGATE_POLICY: '/nowhere/policy.yaml' })
  assert.equal(status, 2)
  assert.match(
    stderr,
    /^The policy \/nowhere\/policy\.yaml cannot be used: ENOENT.*See LAYERGATE_POLICY\.\n$/,
  )
})

test('check exits 0 for what is allowed and 1 for what is not, and the answer is on standard output', async (t) => {
  const env = { LAYERGATE_POLICY: await policyFile(t, policy) }
  const asked = ['--agent', 'builders', '--repository', 'acme/app', '--action']
  const [allowed, denied] = [
    await check(t, [...asked, 'push'], env),
    await check(t, ['--agent', 'builders', '--action', 'observe'], env),
  ]
  assert.deepEqual([allowed.status, denied.status], [0, 1])
  assert.match(allowed.stdout, /^allowed: builders may push acme\/app\n/)
  assert.match(denied.stdout, /^denied: /)
  assert.equal(allowed.stderr + denied.stderr, '')
})

test('check --help needs no configuration', async (t) => {
  const process = await spawned(t, ['check', '--help'])
  assert.equal(await process.exit(), 0)
  assert.match(process.stdout(), /^Usage: layergate check/)
})

test('check does not take an argument for heard that it does not know', async (t) => {
  const { status, stderr } = await check(t, ['--polcy', 'x'])
  assert.equal(status, 2)
  assert.match(stderr, /--polcy/)
})
