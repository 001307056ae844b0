import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { complete, digestOf, pushLayer, sendPart, startUpload } from '../support/push.ts'
import { errorOf, imagePath, openRegistry, type Registry } from '../support/registry.ts'

const text = 'abcdefghij'
const blobPath = `${imagePath}/blobs/${digestOf(text)}`

/** A layer of three parts, so that a range can cross them. */
async function pushText({ client }: Registry): Promise<void> {
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, text.slice(0, 4))
  await sendPart(client, uploadId, 4, text.slice(4, 8))
  await sendPart(client, uploadId, 8, text.slice(8))
  await complete(client, uploadId, digestOf(text))
}

test('GET of a blob redirects to a URL of the sandbox that needs no token', async (t) => {
  const registry = await openRegistry(t)
  await pushText(registry)
  const answer = await registry.ask(blobPath)
  assert.equal(answer.status, 307)
  assert.equal(await answer.text(), '')
  const location = answer.headers.get('location') ?? ''
  assert.ok(location.startsWith(`${registry.sandbox.url}/_blobs/`), location)
  const content = await fetch(location)
  assert.equal(content.status, 200)
  assert.equal(content.headers.get('content-length'), String(text.length))
  assert.equal(content.headers.get('content-type'), 'application/octet-stream')
  assert.equal(await content.text(), text)
  const head = await fetch(location, { method: 'HEAD' })
  assert.equal(head.headers.get('content-length'), String(text.length))
  assert.equal(await head.text(), '')
})

test('a blob URL that the sandbox did not sign gives nothing', async (t) => {
  const registry = await openRegistry(t)
  await pushText(registry)
  const location = (await registry.ask(blobPath)).headers.get('location') ?? ''
  const other = Buffer.from(`${digestOf('other')} 5`).toString('base64url')
  for (const url of [
    location.replace(/_blobs\/[^.]+/, `_blobs/${other}`),
    `${registry.sandbox.url}/_blobs/${digestOf(text)}`,
    `${registry.sandbox.url}/_blobs/`,
  ]) {
    assert.deepEqual(await errorOf(await fetch(url)), [403, 'DENIED'])
  }
})

for (const [range, part, contentRange] of [
  ['bytes=0-0', 'a', '0-0'],
  ['bytes=2-8', 'cdefghi', '2-8'],
  ['bytes=4-7', 'efgh', '4-7'],
  ['bytes=7-', 'hij', '7-9'],
  ['bytes=-3', 'hij', '7-9'],
  ['bytes=-30', text, '0-9'],
  ['bytes=8-30', 'ij', '8-9'],
] as const) {
  test(`the range ${range} of a blob is 206 with these bytes`, async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'layergate-sandbox-'))
    t.after(() => rm(dataDir, { recursive: true }))
    for (const options of [{}, { dataDir }]) {
      const registry = await openRegistry(t, options)
      await pushText(registry)
      const location = (await registry.ask(blobPath)).headers.get('location') ?? ''
      const redirected = await fetch(location, { headers: { range } })
      registry.sandbox.setSwitches({ blobGet: 'direct' })
      const direct = await registry.ask(blobPath, { headers: { range } })
      for (const answer of [redirected, direct]) {
        assert.equal(answer.status, 206)
        assert.equal(answer.headers.get('content-range'), `bytes ${contentRange}/10`)
        assert.equal(answer.headers.get('content-length'), String(part.length))
        assert.equal(await answer.text(), part)
      }
    }
  })
}

for (const range of ['bytes=10-', 'bytes=10-12', 'bytes=-0']) {
  test(`the range ${range} of ten bytes is 416`, async (t) => {
    const registry = await openRegistry(t, { switches: { blobGet: 'direct' } })
    await pushText(registry)
    const answer = await registry.ask(blobPath, { headers: { range } })
    assert.equal(answer.status, 416)
    assert.equal(answer.headers.get('content-range'), 'bytes */10')
    assert.equal(await answer.text(), '')
  })
}

for (const range of ['bytes=5-4', 'bytes=0-1,4-5', 'bytes=-', 'items=0-1', '0-1']) {
  test(`the range ${range} is no single range, and ignored`, async (t) => {
    const registry = await openRegistry(t, { switches: { blobGet: 'direct' } })
    await pushText(registry)
    const answer = await registry.ask(blobPath, { headers: { range } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-range'), null)
    assert.equal(await answer.text(), text)
  })
}

test('with blobGet direct the bytes come at once, with their digest', async (t) => {
  const registry = await openRegistry(t, { switches: { blobGet: 'direct' } })
  await pushText(registry)
  const answer = await registry.ask(blobPath)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('docker-content-digest'), digestOf(text))
  assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
  assert.equal(await answer.text(), text)
})

test('HEAD of a blob is 401 whatever the token, whether it is there or not', async (t) => {
  const registry = await openRegistry(t)
  await pushText(registry)
  for (const path of [blobPath, `${imagePath}/blobs/${digestOf('other')}`]) {
    const answer = await registry.ask(path, { method: 'HEAD' })
    assert.equal(answer.status, 401)
    assert.ok(answer.headers.get('www-authenticate')?.startsWith('Bearer realm='))
  }
})

test('with blobHead works HEAD of a blob tells its size and digest', async (t) => {
  const registry = await openRegistry(t, { switches: { blobHead: 'works' } })
  await pushText(registry)
  const answer = await registry.ask(blobPath, { method: 'HEAD' })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-length'), String(text.length))
  assert.equal(answer.headers.get('docker-content-digest'), digestOf(text))
  assert.equal(await answer.text(), '')
  const other = `${imagePath}/blobs/${digestOf('other')}`
  assert.equal((await registry.ask(other, { method: 'HEAD' })).status, 404)
})

test('a blob that is absent, or in another repository only, is BLOB_UNKNOWN', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t)
  sandbox.createRepository('team/other')
  const digest = await pushLayer(client, 'layer', 'team/other')
  assert.equal((await ask(`/v2/sandbox/team/other/blobs/${digest}`)).status, 307)
  for (const absent of [digest, digestOf('absent')]) {
    const answer = await ask(`${imagePath}/blobs/${absent}`)
    assert.deepEqual(await errorOf(answer), [404, 'BLOB_UNKNOWN'])
  }
  const malformed = await ask(`${imagePath}/blobs/sha256:00`)
  assert.deepEqual(await errorOf(malformed), [400, 'DIGEST_INVALID'])
})

test('a blob whose bytes were not kept is BLOB_UNKNOWN', async (t) => {
  const { client, ask } = await openRegistry(t, { switches: { keepBytes: false } })
  const digest = await pushLayer(client, 'layer')
  assert.deepEqual(await errorOf(await ask(`${imagePath}/blobs/${digest}`)), [404, 'BLOB_UNKNOWN'])
})
