import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import test from 'node:test'
import { promisify } from 'node:util'
import { spawned } from '../support/spawned.ts'
import { until } from '../support/until.ts'

test('a start names everything that is wrong with the configuration, and exits 2', async (t) => {
  const process = await spawned(t, ['serve'], {
    LAYERGATE_PORT: 'http',
    LAYERGATE_MAX_LAYER: '5 gigabytes',
    LAYERGATE_MAXIMUM: '1',
  })
  assert.equal(await process.exit(), 2)
  for (const name of ['UPSTREAM', 'PORT', 'MAX_LAYER', 'MAXIMUM']) {
    assert.match(process.stderr(), new RegExp(`LAYERGATE_${name} `))
  }
  assert.doesNotMatch(process.stderr(), / at /)
})

test('check says that a good configuration is good', async (t) => {
  const process = await spawned(t, ['check'], { LAYERGATE_UPSTREAM: 'sandbox' })
  assert.equal(await process.exit(), 0)
  assert.match(process.stdout(), /valid/)
})

test('an unknown command shows the usage and exits 2', async (t) => {
  const process = await spawned(t, ['push'])
  assert.equal(await process.exit(), 2)
  assert.match(process.stderr(), /usage: layergate COMMAND/)
})

async function run(line = ''): Promise<string> {
  return (await promisify(execFile)('sh', ['-c', line])).stdout
}

test('start prints lines that work when they are pasted', async (t) => {
  const process = await spawned(t, ['start'], {
    LAYERGATE_PORT: '0',
    LAYERGATE_UPSTREAM_ENDPOINT: 'http://127.0.0.1:0',
  })
  await until('it welcomes', () => process.stderr().includes('Metrics:'))
  const lines = process
    .stderr()
    .split('\n')
    .map((line) => line.trim())
  const [push, refused] = lines.filter((line) => line.startsWith('printf '))
  const calls = lines.find((line) => line.includes('/_sandbox/calls'))

  assert.match(await run(push), /"state":"forwarded"/)
  const before = await run(calls)
  assert.match(await run(refused), /"code":"digest_mismatch"/)
  assert.equal(await run(calls), before)
  const metrics = /^Metrics: (\S+)$/m.exec(process.stderr())?.[1]
  assert.match(await (await fetch(metrics ?? '')).text(), /layergate_layer_uploads_total/)
  const page = /^Status page: (\S+)$/m.exec(process.stderr())?.[1]
  assert.match(await (await fetch(page ?? '')).text(), /<h1 id="state">All is well<\/h1>/)

  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
})

test('a service that holds its data folder keeps a second one off it', async (t) => {
  const env = { LAYERGATE_UPSTREAM: 'sandbox', LAYERGATE_PORT: '0' }
  const first = await spawned(t, ['serve'], env)
  await first.url()
  const second = await spawned(t, ['serve'], { ...env, LAYERGATE_DATA_DIR: first.dataDir })
  await until('it has begun to wait', () => second.child.pid !== undefined)
  first.child.kill('SIGTERM')
  assert.equal(await first.exit(), 0)
  assert.match(await second.url(), /^http/)
})
