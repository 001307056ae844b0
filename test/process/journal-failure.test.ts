import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { rawClient } from '../support/raw-http.ts'
import { spawned } from '../support/spawned.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(200_000)
const target = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`
const mortalJournal = new URL('./support/mortal-journal.ts', import.meta.url)

async function serve(t: TestContext) {
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  t.after(() => sandbox.close())
  const process = await spawned(t, ['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_PORT: '0',
    NODE_OPTIONS: `--import=${mortalJournal.href}`,
  })
  return { process, url: await process.url() }
}

test('a journal that fails ends the process with status 1, and the log says why', async (t) => {
  const { process } = await serve(t)
  process.child.kill('SIGUSR2')
  assert.equal(await process.exit(), 1)
  const lines = process.stdout().trimEnd().split('\n')
  const fatal = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'fatal')
  assert.deepEqual(
    fatal.map(({ msg }) => msg),
    ['the journal failed: no push is taken any more', 'the service cannot go on: stopping'],
  )
  assert.match(fatal[0].err.message, /worker exited/)
  assert.match(lines.at(-1) ?? '', /"msg":"stopped"/)
})

test('until it ends, a service without its journal is red, shows its metrics and takes no push', async (t) => {
  const { process, url } = await serve(t)
  const client = await rawClient(Number(new URL(url).port))
  client.write(
    `POST ${target} HTTP/1.1\r\nHost: layergate\r\nContent-Length: ${layer.length}\r\n\r\n`,
  )
  client.write(layer.subarray(0, 100_000))
  const metrics = () => fetch(`${url}/metrics`)
  await until('the push is under way', async () =>
    (await (await metrics()).text()).includes('layergate_uploads_in_progress 1'),
  )
  process.child.kill('SIGUSR2')
  await until('it is red', async () => (await fetch(`${url}/readyz`)).status === 503)

  assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), {
    status: 'not_ready',
    reason: 'journal_failed',
    degraded: ['journal_failed'],
  })
  const scrape = await metrics()
  assert.equal(scrape.status, 200)
  const text = await scrape.text()
  assert.match(text, /^layergate_degraded\{reason="journal_failed"\} 1$/m)
  assert.match(text, /^layergate_forwards_waiting 0$/m)
  const push = await fetch(`${url}${target}`, { method: 'POST', body: layer })
  assert.equal(push.status, 503)
  assert.match(await push.text(), /"code":"shutting_down"/)

  client.write(layer.subarray(100_000))
  assert.equal((await client.answer()).status, 500)
  client.socket.destroy()
  assert.equal(await process.exit(), 1)
})
