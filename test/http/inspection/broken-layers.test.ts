import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { flipped, tarOf } from '../../support/archives.ts'
import { digestOf } from '../../support/layers.ts'
import { startService } from '../../support/service.ts'

const tar = tarOf({ 'etc/motd': 'hello', 'usr/bin/tool': Buffer.alloc(5000, 7) })
const gzip = gzipSync(tar)
const zstd = zstdCompressSync(tar)

const pathOf = (bytes: Uint8Array) => `/v1/layers?repository=team/app&digest=${digestOf(bytes)}`

const broken = [
  ['malformed_gzip', flipped(gzip, gzip.length - 8)],
  ['malformed_gzip', gzip.subarray(0, gzip.length - 20)],
  ['malformed_zstd', zstd.subarray(0, zstd.length - 20)],
  ['malformed_tar', flipped(tar, 3)],
  ['malformed_tar', gzipSync(tar.subarray(0, 2000))],
] as const

/** The one entry of `GET /v1/refusals`. */
async function refusalIn({ request }: Awaited<ReturnType<typeof startService>>) {
  const answer = await request.get('/v1/refusals?repository=team/app')
  assert.equal(answer.status, 200)
  assert.equal(answer.body.refusals.length, 1)
  return answer.body.refusals[0]
}

for (const [index, [cause, bytes]] of broken.entries()) {
  test(`a broken layer is refused, and everybody says the same of it: ${cause} (${index})`, async (t) => {
    const service = await startService(t)
    const { request, calls, spooledFiles, metric, logs } = service
    const answer = await request.post(pathOf(bytes)).send(bytes)
    assert.deepEqual([answer.status, answer.body.code], [400, cause])
    assert.equal(answer.body.diagnosis.cause, cause)
    assert.deepEqual(answer.body.actual, { digest: digestOf(bytes), sizeBytes: bytes.length })

    const refusal = await refusalIn(service)
    const { code, detail, diagnosis, requestId } = answer.body
    assert.deepEqual(
      [refusal.code, refusal.detail, refusal.diagnosis, refusal.requestId, refusal.place],
      [code, detail, diagnosis, requestId, 'raw'],
    )
    const labels = `cause="${cause}"`
    const series = `layergate_invalid_layers_total{repository="team/app",stage="refused",${labels}}`
    assert.equal(await metric(series), 1)
    const line = logs().find(({ msg }) => msg === `layer refused: ${cause}`)
    assert.deepEqual([line?.['code'], line?.['diagnosis']], [code, diagnosis])

    assert.deepEqual(calls(), [])
    assert.deepEqual(await spooledFiles(), [])
  })
}

for (const [what, bytes] of [
  ['a tar archive', tar],
  ['a gzip of one', gzip],
  [
    'several members of gzip',
    Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]),
  ],
  ['a zstd of one', zstd],
  ['opaque bytes', Buffer.from('hello, layer')],
  ['a gzip of opaque bytes', gzipSync('hello, layer')],
] as const) {
  test(`a layer that is ${what} passes`, async (t) => {
    const { request, sandbox } = await startService(t)
    const answer = await request.post(pathOf(bytes)).send(bytes)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(bytes)), Buffer.from(bytes))
  })
}

async function pushBroken(t: TestContext, mode: string) {
  const bytes = flipped(gzip, gzip.length - 8)
  const service = await startService(t, { env: { LAYERGATE_INSPECT: mode } })
  const answer = await service.request.post(pathOf(bytes)).send(bytes)
  return { ...service, answer }
}

test('where the inspection reports a broken layer passes, is counted and logged, and was not refused', async (t) => {
  const { answer, metric, logs, request } = await pushBroken(t, 'report')
  assert.equal(answer.status, 201)
  const labels = 'repository="team/app",stage="reported",cause="malformed_gzip"'
  assert.equal(await metric(`layergate_invalid_layers_total{${labels}}`), 1)
  assert.ok(logs().some(({ msg }) => msg === 'layer reported: malformed_gzip'))
  assert.deepEqual((await request.get('/v1/refusals')).body.refusals, [])
})

test('where the inspection is off a broken layer passes, and nobody says anything', async (t) => {
  const { answer, metric, logs } = await pushBroken(t, 'off')
  assert.equal(answer.status, 201)
  for (const stage of ['reported', 'refused']) {
    const labels = `repository="team/app",stage="${stage}",cause="malformed_gzip"`
    assert.equal(await metric(`layergate_invalid_layers_total{${labels}}`), 0)
  }
  assert.deepEqual(
    logs().filter(({ msg }) => String(msg).startsWith('layer ')),
    [],
  )
})

test('a layer beyond the limits passes unexamined, and is counted', async (t) => {
  const bomb = gzipSync(Buffer.alloc(2 * 1024 * 1024))
  const env = { LAYERGATE_INSPECT_MAX_BYTES: '1MiB' }
  const { request, metric } = await startService(t, { env })
  assert.equal((await request.post(pathOf(bomb)).send(bomb)).status, 201)
  assert.equal(await metric('layergate_unexamined_layers_total{reason="bytes"}'), 1)
})

test('a layer beyond the limits is refused where it is to be', async (t) => {
  const bomb = gzipSync(Buffer.alloc(2 * 1024 * 1024))
  const env = { LAYERGATE_INSPECT_MAX_BYTES: '1MiB', LAYERGATE_INSPECT_OVER_LIMIT: 'refuse' }
  const { request, calls } = await startService(t, { env })
  const answer = await request.post(pathOf(bomb)).send(bomb)
  assert.deepEqual([answer.status, answer.body.code], [400, 'beyond_limits'])
  assert.deepEqual(calls(), [])
})
