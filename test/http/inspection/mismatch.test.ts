import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Diagnosis } from '../../../src/registry/diagnosis.ts'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { flipped, tarOf } from '../../support/archives.ts'
import { aroundPorts } from '../../support/around.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient, ociErrorOf } from '../../support/oci-client.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { policyOf } from '../../support/policy-of.ts'
import { asAgent } from '../../support/two-agents.ts'
import { until } from '../../support/until.ts'

const tar = tarOf({ 'etc/motd': 'hello\n', 'usr/bin/tool': layerBytes(5000) })
const layer = gzipSync(tar)
const digest = digestOf(layer)
const target = `/v1/layers?repository=team/app&digest=${digest}`

async function refusals({ request }: RunningService) {
  return (await request.get('/v1/refusals?repository=team/app')).body.refusals
}

const boundary = 'layergate'
const form = Buffer.concat([
  Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="layer"\r\n\r\n`),
  layer,
  Buffer.from(`\r\n--${boundary}--\r\n`),
])

for (const [cause, body, wanted] of [
  ['truncated', layer.subarray(0, layer.length - 100), digest],
  ['trailing_bytes', Buffer.concat([layer, Buffer.from('\n')]), digest],
  ['diff_id_given', layer, digestOf(tar)],
  ['base64_body', Buffer.from(layer.toString('base64')), digest],
  ['multipart_body', form, digest],
  ['content_encoded', gzipSync(layer), digest],
  ['unknown', layerBytes(300), digest],
] as const) {
  test(`everybody says the same of a wrong digest: ${cause}`, async (t) => {
    const service = await startService(t)
    const { request, metric, logs, calls, spooledFiles } = service
    const answer = await request
      .post(`/v1/layers?repository=team/app&digest=${wanted}`)
      .type('application/octet-stream')
      .send(body)
    assert.deepEqual([answer.status, answer.body.code], [400, 'digest_mismatch'])
    const told: Diagnosis = answer.body.diagnosis
    assert.equal(told.cause, cause, JSON.stringify(told))
    assert.ok(told.advice.length > 0)
    const [refusal] = await refusals(service)
    assert.deepEqual(refusal.diagnosis, told)
    const series = `layergate_invalid_layers_total{repository="team/app",stage="refused",cause="${cause}"}`
    assert.equal(await metric(series), 1)
    const line = logs().find(({ msg }) => msg === `layer refused: ${cause}`)
    assert.deepEqual(line?.['diagnosis'], told)
    assert.deepEqual([calls(), await spooledFiles()], [[], []])
  })
}

test('of sixty truncated layers at once each is told why, in the answer or later', async (t) => {
  const service = await startService(t)
  const cut = layer.subarray(0, layer.length - 100)
  const posts = Array.from({ length: 60 }, () => service.request.post(target).send(cut))
  await Promise.all(posts)
  const path = '/v1/refusals?repository=team/app&limit=100'
  const told = async () => (await service.request.get(path)).body.refusals
  await until('all are told', async () => (await told()).length === 60)
  const causes = (await told()).map((refusal: { diagnosis: Diagnosis }) => refusal.diagnosis.cause)
  assert.deepEqual(new Set(causes), new Set(['truncated']))
})

test('a client of the OCI protocol hears the cause and the advice in the message', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  const cut = layer.subarray(0, layer.length - 100)
  const answer = await client.put(await client.begin(), digest, { body: cut })
  assert.equal(answer.status, 400)
  const { message, detail } = ociErrorOf(answer)
  assert.equal(detail.diagnosis.cause, 'truncated')
  assert.ok(message.includes('truncated') && message.includes(detail.diagnosis.advice), message)
})

test('the last bytes of an upload are still there for a diagnosis that the answer did not wait for', async (t) => {
  const service = await startService(t, { timing: { diagnosisWaitMs: 1 } })
  const client = ociClient(service.url)
  const location = await client.begin()
  await client.patch(location, layer.subarray(0, 1000))
  const answer = await client.put(location, digest, { body: layer.subarray(1000, -100) })
  assert.equal(answer.status, 400)
  await until('it is told', async () => (await refusals(service)).length === 1)
  assert.equal((await refusals(service))[0].diagnosis.cause, 'truncated')
})

test('a bad copy of what lies here is compared with it', async (t) => {
  const { request } = await startService(t)
  assert.equal((await request.post(target).send(layer)).status, 201)
  const bad = flipped(flipped(layer, 100), 200)
  const { diagnosis: told } = (await request.post(target).send(bad)).body
  assert.equal(told.cause, 'bit_flips')
})

const agents = {
  alice: { push: ['team/app'] },
  bob: { push: ['team/other'] },
}
const sandbox = { repositories: ['team/app', 'team/other'] }

test('what an agent may not pull is not compared with: it hears the same whether it is there or not', async (t) => {
  const { request } = await startService(t, { env: (await policyOf(t, agents)).env, sandbox })
  const bad = flipped(layer, 100)
  const asBob = async (body: Buffer) => {
    const { body: answer } = await request
      .post(target.replace('team/app', 'team/other'))
      .set(asAgent('bob'))
      .send(body)
    return { ...answer, requestId: '' }
  }
  const before = [await asBob(bad), await asBob(layerBytes(400, 9))]
  for (const bytes of [layer, layerBytes(400, 9)]) {
    const path = target.replace(digest, digestOf(bytes))
    assert.equal((await request.post(path).set(asAgent('alice')).send(bytes)).status, 201)
  }
  assert.deepEqual([await asBob(bad), await asBob(layerBytes(400, 9))], before)
  const asAlice = await request.post(target).set(asAgent('alice')).send(bad)
  assert.equal(asAlice.body.diagnosis.cause, 'bit_flips')
})

test('a diagnosis that takes longer than two seconds arrives later, and the answer says so', async (t) => {
  const pending = Promise.withResolvers<Diagnosis>()
  const around = aroundPorts({
    inspector: (inspector) => ({ ...inspector, diagnose: () => pending.promise }),
  })
  const service = await startService(t, { around, timing: { diagnosisWaitMs: 1 } })
  const answer = await service.request.post(target).send(layerBytes(300))
  assert.deepEqual(answer.body.diagnosis, {
    ...diagnosis('unknown', { receivedBytes: 300, stillLookedInto: 1 }),
  })
  assert.deepEqual(await refusals(service), [])
  const found = diagnosis('truncated', { receivedBytes: 300 })
  pending.resolve(found)
  await until('it is told', async () => (await refusals(service)).length === 1)
  assert.deepEqual((await refusals(service))[0].diagnosis, found)
})
