import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { digestOf, layerBytes } from '../support/layers.ts'
import { ociClient } from '../support/oci-client.ts'
import { until } from '../support/until.ts'
import { denyUploads, forwards, serve } from './support/forwards-command.ts'

const layer = layerBytes(20_000)
const digest = digestOf(layer)
const ofLayer = [digest, '--repository', 'team/app']

async function push(url: string, bytes = layer) {
  const target = `${url}/v1/layers?repository=team/app&digest=${digestOf(bytes)}`
  const headers = { prefer: 'wait=60' }
  const answer = await fetch(target, { method: 'POST', body: bytes, headers })
  return { status: answer.status, text: await answer.text() }
}

async function stateOf(url: string, layerDigest = digest) {
  const answer = await fetch(`${url}/v1/layers/${layerDigest}?repository=team/app`)
  return answer.status === 200 ? JSON.parse(await answer.text()).state : answer.status
}

test('a parked forward is listed with its reason, dropped, and gone', async (t) => {
  const { sandbox, process, url } = await serve(t)
  denyUploads(sandbox)
  assert.equal((await push(url)).status, 502)

  const list = await forwards(t, process.dataDir, 'list')
  assert.equal(list.status, 0)
  assert.equal(list.stderr, '')
  assert.match(
    list.stdout,
    new RegExp(`^parked +\\d+s +19\\.5 KiB .* team/app +${digest} +in `, 'm'),
  )
  assert.match(list.stdout, /^ {4}upstream_credentials: .*InitiateLayerUpload/m)
  assert.match(list.stdout, /^In all: 0 waiting, 0 sending, 1 parked, 19\.5 KiB together;/m)

  const drop = await forwards(t, process.dataDir, 'drop', ...ofLayer)
  assert.equal(drop.status, 0)
  assert.match(drop.stdout, new RegExp(`^${digest} to team/app .* is dropped`))
  assert.match(process.stdout(), /"msg":"forward drop: an operator said so"/)
  assert.equal(await stateOf(url), 404)
  const empty = await forwards(t, process.dataDir, 'list')
  assert.deepEqual(empty, { status: 0, stdout: 'Nothing is owed.\n', stderr: '' })

  const again = await forwards(t, process.dataDir, 'drop', ...ofLayer)
  assert.equal(again.status, 1)
  assert.equal(again.stdout, '')
  assert.equal(again.stderr, `Nothing is owed of ${digest} to team/app.\n`)
})

test('a held layer is listed with its why, left alone by --all, and sent when it is named', async (t) => {
  const { sandbox, process, url } = await serve(t)
  const broken = await ociClient(url).push(gzipSync(layer).subarray(0, -1))
  assert.equal(await stateOf(url, broken), 'held')

  const list = await forwards(t, process.dataDir, 'list')
  assert.match(list.stdout, new RegExp(`^held .* team/app +${broken} +- `, 'm'))
  assert.match(list.stdout, /^ {4}malformed_gzip: /m)
  assert.match(list.stdout, /^In all: 0 waiting, 0 sending, 0 parked, 0 B together; .* 1 held, /m)

  const all = await forwards(t, process.dataDir, 'retry', '--all')
  assert.equal(all.stdout, 'Nothing is parked.\n')
  assert.equal(await stateOf(url, broken), 'held')
  const sent = sandbox.calls().filter(({ operation }) => operation === 'InitiateLayerUpload')
  assert.deepEqual(sent, [])

  const retry = await forwards(t, process.dataDir, 'retry', broken, '--repository', 'team/app')
  assert.equal(retry.status, 0)
  assert.match(retry.stdout, /is held no more, and sent now\.\n$/)
  await until('ECR Public has it', async () => (await stateOf(url, broken)) === 'forwarded')
})

test('a push that waits for a layer that is dropped hears so', async (t) => {
  const { sandbox, process, url } = await serve(t)
  sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'html-503' } })
  const pushed = push(url)
  await until('it is owed', async () => ['verified', 'forwarding'].includes(await stateOf(url)))
  assert.equal((await forwards(t, process.dataDir, 'drop', ...ofLayer)).status, 0)
  const { status, text } = await pushed
  assert.equal(status, 502)
  assert.equal(JSON.parse(text).code, 'forward_dropped')
})

for (const args of [ofLayer, ['--all']]) {
  test(`retry ${args.at(-1)} brings a parked layer to AWS once it is mended`, async (t) => {
    const { sandbox, process, url } = await serve(t)
    denyUploads(sandbox)
    assert.equal((await push(url)).status, 502)
    sandbox.clearFaults()
    assert.equal(await stateOf(url), 'parked')
    const retry = await forwards(t, process.dataDir, 'retry', ...args)
    assert.equal(retry.status, 0)
    assert.match(retry.stdout, /is tried again now\.\n$/)
    await until('ECR Public has it', async () => (await stateOf(url)) === 'forwarded')

    const again = await forwards(t, process.dataDir, 'retry', ...args)
    const isAll = args[0] === '--all'
    assert.equal(again.status, isAll ? 0 : 1)
    assert.match(again.stdout + again.stderr, isAll ? /Nothing is parked/ : /Nothing is owed of/)
  })
}

test('list --json is an array of as many as it was asked for', async (t) => {
  const { sandbox, process, url } = await serve(t)
  denyUploads(sandbox)
  for (const seed of [1, 2, 3]) await push(url, layerBytes(100, seed))
  const some = await forwards(t, process.dataDir, 'list', '--json', '--limit', '2')
  assert.equal(some.stderr, 'There are more; --limit shows them.\n')
  const [first, ...others] = JSON.parse(some.stdout)
  assert.equal(others.length, 1)
  assert.equal(first.digest, digestOf(layerBytes(100, 1)))
  assert.equal(first.state, 'parked')
  assert.equal(first.error.code, 'upstream_credentials')
  const all = await forwards(t, process.dataDir, 'list', '--json')
  assert.equal(all.stderr, '')
  assert.equal(JSON.parse(all.stdout).length, 3)
})

test('operators are not counted among the requests of agents', async (t) => {
  const { process, url } = await serve(t)
  await forwards(t, process.dataDir, 'list')
  await forwards(t, process.dataDir, 'drop', ...ofLayer)
  const text = await (await fetch(`${url}/metrics`)).text()
  const counted = text
    .split('\n')
    .filter((line) => /^layergate_http_requests_total\{.*\} [1-9]/.test(line))
  assert.deepEqual(counted, [])
})

test('the socket is for the user of the service alone, and gone when it has stopped', async (t) => {
  const { process } = await serve(t)
  const socketPath = join(process.dataDir, 'control.sock')
  const { mode } = await stat(socketPath)
  assert.equal(mode & 0o777, 0o600)
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  await assert.rejects(stat(socketPath), { code: 'ENOENT' })
})

test('a service that is killed leaves a socket, and the next one replaces it', async (t) => {
  const { sandbox, process, url } = await serve(t)
  denyUploads(sandbox)
  await push(url)
  process.child.kill('SIGKILL')
  await process.exit()
  assert.ok((await stat(join(process.dataDir, 'control.sock'))).isSocket())

  await serve(t, { LAYERGATE_DATA_DIR: process.dataDir })
  const list = await forwards(t, process.dataDir, 'list')
  assert.equal(list.stderr, '')
  assert.match(list.stdout, new RegExp(digest))
})

test('a folder with too long a path is served without a socket, and the command says why', async (t) => {
  const { process: short } = await serve(t)
  const dataDir = join(short.dataDir, 'x'.repeat(100))
  const { process } = await serve(t, { LAYERGATE_DATA_DIR: dataDir })
  const warning = process
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .find(({ level }) => level === 'warn')
  assert.match(warning.err.message, /^The path of a socket has \d+ bytes at most/)

  const list = await forwards(t, dataDir, 'list')
  assert.equal(list.status, 1)
  assert.match(
    list.stderr,
    /^A service holds .*, but its control\.sock cannot be reached: .* bytes/,
  )
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  assert.equal((await forwards(t, dataDir, 'list')).stdout, 'Nothing is owed.\n')
})
