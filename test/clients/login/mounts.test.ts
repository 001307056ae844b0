import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { goProgram } from '../push/support/client.ts'
import { type Home, makeHome } from '../push/support/home.ts'
import { type Image, imageTag, makeImage } from '../push/support/image.ts'
import { tag } from '../push/support/registry.ts'
import { docker, dockerd, startDocker } from '../push/support/docker-daemon.ts'
import { assertRefused, assertSuccess } from './support/outcome.ts'
import { assertNothingPushed, pushedDiffIds } from './support/pushed-image.ts'
import { agentToken, type LoginRegistry, startLoginRegistry } from './support/registry.ts'
import { withInput } from './support/with-input.ts'

const crane = goProgram('crane')

const receivedBytes = ({ metric }: LoginRegistry) =>
  metric('layergate_received_bytes_total{entry="oci"}')
const mountedBytes = ({ metric }: LoginRegistry) =>
  metric('layergate_saved_bytes_total{reason="mount"}')

describe('a second repository, by docker', { skip: docker.skip || dockerd.skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let home: Home
  let image: Image
  let daemon: readonly string[]
  before(async () => {
    home = await makeHome(cleanup)
    image = await makeImage(await home.newFolder())
    daemon = await startDocker(home)
  })
  after(() => cleanup.disposeAsync())

  // It mounts what it remembers to have pushed or pulled, and forgets that with the image.
  async function pushFirst(registry: LoginRegistry): Promise<void> {
    const { host } = registry
    const run = (...args: string[]) => home.run(docker.path(), ...daemon, ...args)
    await run('load', '--quiet', '--input', image.archive)
    const login = ['login', '--username', 'ci', '--password-stdin']
    assertSuccess(await withInput(home, agentToken, docker.path(), ...daemon, ...login, host))
    for (const repository of ['team/app', 'mirror/app']) {
      await run('tag', `image:${imageTag}`, `${host}/${repository}:${tag}`)
    }
    await run('push', `${host}/team/app:${tag}`)
  }
  const pushSecond = ({ host }: LoginRegistry) =>
    home.attempt(docker.path(), ...daemon, 'push', `${host}/mirror/app:${tag}`)

  test('gets the layers of the first, where the agent may pull from that', async (t) => {
    const registry = await startLoginRegistry(t)
    await registry.grant({ 'team/app': 'push', 'mirror/app': 'push' })
    await pushFirst(registry)
    const firstBytes = (await receivedBytes(registry)) ?? 0

    assertSuccess(await pushSecond(registry))
    assert.deepEqual(await pushedDiffIds(registry.sandbox, 'mirror/app'), image.diffIds)
    assert.ok(((await mountedBytes(registry)) ?? 0) > 0)
    // The config, which docker never mounts.
    assert.ok(((await receivedBytes(registry)) ?? 0) - firstBytes < 4096)
  })

  test('is sent them again, where the agent may not', async (t) => {
    const registry = await startLoginRegistry(t)
    await pushFirst(registry)
    const firstBytes = (await receivedBytes(registry)) ?? 0
    await registry.grant({ 'mirror/app': 'push' })

    assertSuccess(await pushSecond(registry))
    assert.deepEqual(await pushedDiffIds(registry.sandbox, 'mirror/app'), image.diffIds)
    assert.equal(await mountedBytes(registry), 0)
    assert.equal((await receivedBytes(registry)) ?? 0, 2 * firstBytes)
  })
})

describe('a copy between two repositories, by crane', { skip: crane.skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let home: Home
  let image: Image
  before(async () => {
    home = await makeHome(cleanup)
    image = await makeImage(await home.newFolder())
  })
  after(() => cleanup.disposeAsync())

  async function pushFirst({ host }: LoginRegistry): Promise<void> {
    const login = ['auth', 'login', '--username', 'ci', '--password-stdin']
    assertSuccess(await withInput(home, agentToken, crane.path(), ...login, host))
    await home.run(crane.path(), 'push', image.layout, `${host}/team/app:${tag}`)
  }
  const copy = ({ host }: LoginRegistry) =>
    home.attempt(crane.path(), 'copy', `${host}/team/app:${tag}`, `${host}/mirror/app:${tag}`)

  test('mounts the layers, where the agent may pull from the first', async (t) => {
    const registry = await startLoginRegistry(t)
    await registry.grant({ 'team/app': 'push', 'mirror/app': 'push' })
    await pushFirst(registry)
    const firstBytes = await receivedBytes(registry)

    await registry.grant({ 'team/app': 'pull', 'mirror/app': 'push' })
    assertSuccess(await copy(registry))
    assert.deepEqual(await pushedDiffIds(registry.sandbox, 'mirror/app'), image.diffIds)
    assert.ok(((await mountedBytes(registry)) ?? 0) > 0)
    assert.equal(await receivedBytes(registry), firstBytes)
  })

  test('is refused, where the agent may not: there is nothing else to take them from', async (t) => {
    const registry = await startLoginRegistry(t)
    await pushFirst(registry)
    await registry.grant({ 'mirror/app': 'push' })

    assertRefused(await copy(registry), /DENIED: builder may not pull team\/app/)
    assertNothingPushed(registry.sandbox, 'mirror/app')
  })
})
