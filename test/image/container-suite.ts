import assert from 'node:assert/strict'
import { hash, randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { composeServices } from './compose-file.ts'
import { startContainer } from './container.ts'
import { healthCheck, podmanOutput } from './image.ts'
import { compose } from './tools.ts'

const env = { LAYERGATE_UPSTREAM: 'sandbox' }
const layer = 'the bytes of a layer'
const digest = `sha256:${hash('sha256', layer)}`
const layersUrl = `http://127.0.0.1:8080/v1/layers?repository=demo/app&digest=${digest}`

export function testContainers(): void {
  test('takes a layer as docker-compose.yml runs it', { skip: compose.skip }, async (t) => {
    const { layergate, sandbox } = await composeServices()
    assert.ok(layergate?.environment && sandbox?.command && sandbox.healthcheck?.test)
    const [, ...sandboxHealthCheck] = sandbox.healthcheck.test

    const service = await startContainer(t, {
      env: layergate.environment,
      options: ['--add-host', 'sandbox:127.0.0.1'],
    })
    const network = `container:${service.name}`
    const upstream = await startContainer(t, { command: sandbox.command, network })
    assert.equal((await upstream.exec(...sandboxHealthCheck)).exitCode, 0)

    const pushed = await service.fetch(layersUrl, { method: 'POST', body: layer })
    assert.equal(pushed.status, 201, pushed.body)
    const held = `http://127.0.0.1:8081/_sandbox/layers/demo/app/${digest}`
    assert.deepEqual(await upstream.fetch(held), { status: 200, body: layer })
    assert.equal((await service.exec('layergate', 'check')).exitCode, 0)
  })

  test('runs node itself, as a user that may do nothing', async (t) => {
    const service = await startContainer(t, { env })
    const { stdout: command } = await service.exec(...print('/proc/1/cmdline'))
    assert.equal(command, 'node\0/app/src/main.ts\0serve\0')
    const { stdout: status } = await service.exec(...print('/proc/1/status'))
    assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
    assert.match(status, /^CapBnd:\t0+$/m)
    assert.match(status, /^CapEff:\t0+$/m)
  })

  test('is healthy where the service answers', async (t) => {
    const service = await startContainer(t, { env })
    assert.equal((await service.exec(...(await healthCheck()))).exitCode, 0)
  })

  test('is not healthy where no service answers', async (t) => {
    const other = await startContainer(t, { env, command: ['sandbox'] })
    const { exitCode, stderr } = await other.exec(...(await healthCheck()))
    assert.equal(exitCode, 1)
    assert.match(stderr, /ECONNREFUSED 127\.0\.0\.1:8080/)
  })

  test('is asked for its health on the admin port where it has one', async (t) => {
    const service = await startContainer(t, { env: { ...env, LAYERGATE_ADMIN_PORT: '9000' } })
    assert.equal((await service.fetch('http://127.0.0.1:8080/healthz')).status, 404)
    assert.equal((await service.exec(...(await healthCheck()))).exitCode, 0)
  })

  test('stops in order on SIGTERM', async (t) => {
    const service = await startContainer(t, { env })
    assert.equal(await service.stop(), 0)
  })

  test('writes into its volume and nowhere else', async (t) => {
    const volume = `layergate-${randomUUID()}`
    t.after(() => podmanOutput('volume', 'rm', '--force', volume))
    const options = ['--volume', `${volume}:/var/lib/layergate`]
    const service = await startContainer(t, { env, options, isReadOnly: false })
    const headers = { prefer: 'respond-async' }
    const pushed = await service.fetch(layersUrl, { method: 'POST', body: layer, headers })
    assert.equal(pushed.status, 202, pushed.body)

    // What podman itself mounts shows as a change of the folder around it.
    const changes = await podmanOutput('diff', service.name)
    assert.deepEqual(
      changes.split('\n').filter((line) => !/^[AC] \/(etc|run)\b/.test(line)),
      [],
    )
    const format = '{{.Mountpoint}}'
    const folder = await podmanOutput('volume', 'inspect', '--format', format, volume)
    assert.ok((await readdir(folder)).includes('journal.sqlite'))
  })
}

function print(path: string): readonly string[] {
  return ['node', '--eval', `process.stdout.write(fs.readFileSync('${path}'))`]
}
