import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { spawned } from '../support/spawned.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(20_000)
const target = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
const fullDisk = '/dev/full'

async function environment(t: TestContext) {
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  t.after(() => sandbox.close())
  return {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_LOG_LEVEL: 'debug',
  }
}

async function push(url: string): Promise<number> {
  return (await fetch(`${url}${target}`, { method: 'POST', body: layer })).status
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  return address.port
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok
  } catch {
    return false
  }
}

/** A service whose log goes onto a disk that is full, so that its port cannot be read from there. */
async function serveOntoFullDisk(t: TestContext, stderr: 'pipe' | 'full disk') {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-'))
  const disk = await open(fullDisk, 'w')
  const port = await freePort()
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../src/main.ts', import.meta.url)), 'serve'],
    {
      env: {
        ...(await environment(t)),
        LAYERGATE_PORT: String(port),
        LAYERGATE_DATA_DIR: dataDir,
      },
      stdio: ['ignore', disk.fd, stderr === 'pipe' ? 'pipe' : disk.fd],
    },
  )
  const closed = once(child, 'close')
  t.after(async () => {
    child.kill('SIGKILL')
    await closed
    await disk.close()
    await rm(dataDir, { recursive: true })
  })
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words += text
  })
  const url = `http://127.0.0.1:${port}`
  await until('it is up', () => isUp(url))
  return {
    url,
    words: () => words,
    async stop() {
      child.kill('SIGTERM')
      await until('it exits', () => child.exitCode !== null)
      await closed
      return child.exitCode
    },
  }
}

const skip = existsSync(fullDisk) ? false : `there is no ${fullDisk} here`

test('a log on a full disk keeps no push from its answer, and the service from no stop', {
  skip,
}, async (t) => {
  const { url, words, stop } = await serveOntoFullDisk(t, 'pipe')
  assert.equal(await push(url), 201)
  assert.equal(await stop(), 0)
  const [first, last, ...more] = words().trimEnd().split('\n')
  assert.match(first ?? '', /^layergate: The log cannot be written \(ENOSPC: .*\)\. Lines lost/)
  assert.match(last ?? '', /^layergate: The log is incomplete\. Lines lost: [1-9]/)
  assert.deepEqual(more, [])
})

test('nor does it where the trouble cannot be told either', { skip }, async (t) => {
  const { url, stop } = await serveOntoFullDisk(t, 'full disk')
  assert.equal(await push(url), 201)
  assert.equal(await stop(), 0)
})

test('a log whose reader is gone keeps no push from its answer, and the service from no stop', async (t) => {
  const process = await spawned(t, ['serve'], { ...(await environment(t)), LAYERGATE_PORT: '0' })
  const url = await process.url()
  process.child.stdout?.destroy()
  assert.equal(await push(url), 201)
  await until('it is told', () => process.stderr().includes('The log cannot be written (EPIPE'))
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
})

/** Each request is a line of 400 bytes. */
async function ask(url: string, requests: number): Promise<void> {
  const headers = { 'x-request-id': 'x'.repeat(128) }
  for (let asked = 0; asked < requests; asked += 50) {
    const answers = Array.from({ length: 50 }, () => fetch(`${url}/healthz`, { headers }))
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
  }
}

test('a log whose reader stands still keeps no push from its answer, and the service from no stop', async (t) => {
  const process = await spawned(t, ['serve'], { ...(await environment(t)), LAYERGATE_PORT: '0' })
  const url = await process.url()
  process.child.stdout?.pause()
  await ask(url, 1_500)
  assert.equal(await push(url), 201)
  process.child.kill('SIGTERM')
  await until('it exits', () => process.child.exitCode !== null)
  assert.equal(process.child.exitCode, 0)
  process.child.stdout?.resume()
  await process.exit()
  assert.match(process.stderr(), /^layergate: The log is incomplete\. Lines lost: [1-9]\d*\.\n$/)
})

const bug = new URL('./support/bug.ts', import.meta.url)

for (const [how, signal, status] of [
  ['stopped', 'SIGTERM', 0],
  ['crashed', 'SIGUSR2', 1],
] as const) {
  test(`a log is complete when the process has ${how}`, async (t) => {
    const process = await spawned(t, ['serve'], {
      ...(await environment(t)),
      LAYERGATE_PORT: '0',
      NODE_OPTIONS: `--import=${bug.href}`,
    })
    await ask(await process.url(), 500)
    process.child.kill(signal)
    assert.equal(await process.exit(), status)
    const text = process.stdout()
    assert.ok(text.endsWith('\n'))
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(lines.filter(({ operation }) => operation === 'getHealth').length, 500)
  })
}
