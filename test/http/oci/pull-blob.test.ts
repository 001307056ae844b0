import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { type ServiceOptions, startService } from '../../support/service.ts'
import { evictAll, smallSpool } from './support/eviction.ts'
import { inEcr, untilInEcr } from './support/in-ecr.ts'

const blob = layerBytes(2048)
const digest = digestOf(blob)
const bytesOf = (range: string) => ({ headers: { range: `bytes=${range}` } })

/** A service without a copy of a blob that ECR Public has. */
async function withBlobUpstream(t: TestContext, options: ServiceOptions = {}) {
  const service = await startService(t, {
    ...options,
    env: smallSpool,
  })
  const client = ociClient(service.url)
  await client.push(blob)
  await untilInEcr(service.sandbox, digest)
  await evictAll(client)
  return { ...service, client }
}

describe('get-missing', () => {
  test('GET and HEAD of a blob that was never pushed are 404', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    assertRefused(await client.blob('GET', digest), 404, 'BLOB_UNKNOWN', 'blob_unknown')
    const head = await client.blob('HEAD', digest)
    assert.equal(head.status, 404)
    assert.equal(head.bytes.length, 0)
  })

  test('GET and HEAD in a repository that ECR Public does not have are 404', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url, { repository: 'team/missing' })
    assertRefused(await client.blob('GET', digest), 404, 'NAME_UNKNOWN', 'repository_unknown')
    assert.equal((await client.blob('HEAD', digest)).status, 404)
  })

  test('a blob that lies here is there in another repository too, for who may pull both', async (t) => {
    const { url } = await startService(t, { sandbox: { repositories: ['team/app', 'team/b'] } })
    await ociClient(url).push(blob)
    const client = ociClient(url, { repository: 'team/b' })
    assert.deepEqual((await client.blob('GET', digest)).bytes, blob)
    assert.equal((await client.blob('HEAD', digest)).status, 200)
  })
})

describe('range requests', () => {
  for (const [range, contentRange, wanted] of [
    ['500-1499', 'bytes 500-1499/2048', blob.subarray(500, 1500)],
    ['500-', 'bytes 500-2047/2048', blob.subarray(500)],
    ['-500', 'bytes 1548-2047/2048', blob.subarray(1548)],
    ['2000-5000', 'bytes 2000-2047/2048', blob.subarray(2000)],
    ['0-0', 'bytes 0-0/2048', blob.subarray(0, 1)],
    ['-5000', 'bytes 0-2047/2048', blob],
  ] as const) {
    test(`bytes=${range} is 206 with those bytes`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      await client.push(blob)
      const answer = await client.blob('GET', digest, bytesOf(range))
      assert.equal(answer.status, 206)
      assert.equal(answer.headers.get('content-range'), contentRange)
      assert.equal(answer.headers.get('content-length'), String(wanted.length))
      assert.deepEqual(answer.bytes, wanted)
    })
  }

  for (const range of ['500-0', '5000-10000', '2048-', '-0']) {
    test(`bytes=${range} is 416, and says how many bytes there are`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      await client.push(blob)
      const answer = await client.blob('GET', digest, bytesOf(range))
      assertRefused(answer, 416, 'SIZE_INVALID', 'blob_range_invalid')
      assert.equal(answer.headers.get('content-range'), 'bytes */2048')
    })
  }

  for (const range of ['bytes=0-1,4-5', 'bytes=', 'bytes=a-b', 'lines=0-1', 'bytes 0-1']) {
    test(`${range} is ignored: all bytes are the answer`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      await client.push(blob)
      const answer = await client.blob('GET', digest, { headers: { range } })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-range'), null)
      assert.deepEqual(answer.bytes, blob)
    })
  }
})

describe('HEAD directly after the 201', () => {
  test('is 200 with Content-Length, though AWS does not have the blob yet', async (t) => {
    const { url, sandbox } = await startService(t)
    sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'stall' } })
    const client = ociClient(url)
    await client.push(blob)
    const head = await client.blob('HEAD', digest)
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-length'), '2048')
    assert.equal(inEcr(sandbox).layers.size, 0)
  })
})

describe('AWS out of reach', () => {
  for (const name of ['ServerException', 'ThrottlingException', 'AccessDeniedException']) {
    test(`${name}: HEAD is 200 for what is held, and 404 for the rest`, async (t) => {
      const { url, sandbox } = await startService(t)
      const client = ociClient(url)
      await client.push(blob)
      await untilInEcr(sandbox, digest)
      sandbox.addFault({ operation: '*', call: 'every', fault: { kind: 'exception', name } })
      assert.equal((await client.blob('HEAD', digest)).status, 200)
      assert.equal((await client.blob('HEAD', digestOf(layerBytes(1)))).status, 404)
    })
  }

  test('GET of what is not held is 502', async (t) => {
    const { url, sandbox } = await startService(t)
    sandbox.addFault({
      operation: '*',
      call: 'every',
      fault: { kind: 'exception', name: 'AccessDeniedException' },
    })
    assertRefused(await ociClient(url).blob('GET', digest), 502, 'UNKNOWN')
  })
})

describe('a blob that only ECR Public has', () => {
  test('GET is its redirect, where the bytes are', async (t) => {
    const { client } = await withBlobUpstream(t)
    const answer = await client.blob('GET', digest)
    const location = locationOf(answer, 307)
    assert.equal(answer.bytes.length, 0)
    const followed = await fetch(location)
    assert.deepEqual(Buffer.from(await followed.arrayBuffer()), blob)
  })

  test('HEAD is 200 with its size', async (t) => {
    const { client } = await withBlobUpstream(t)
    const head = await client.blob('HEAD', digest)
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('content-length'), '2048')
    assert.equal(head.headers.get('docker-content-digest'), digest)
  })

  test('GET is its bytes where ECR Public redirects nobody', async (t) => {
    const { client } = await withBlobUpstream(t, { sandbox: { switches: { blobGet: 'direct' } } })
    const answer = await client.blob('GET', digest)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-length'), '2048')
    assert.equal(answer.headers.get('docker-content-digest'), digest)
    assert.deepEqual(answer.bytes, blob)
  })
})

test('Accept-Encoding never compresses: a blob of text comes as it is', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  const text = Buffer.alloc(100_000, 'layer ')
  const pushed = await client.push(text)
  const answer = await client.blob('GET', pushed, { headers: { 'accept-encoding': 'gzip, br' } })
  assert.equal(answer.headers.get('content-encoding'), null)
  assert.equal(answer.headers.get('content-length'), '100000')
  assert.deepEqual(answer.bytes, text)
})

test('Content-Type of a blob has no charset', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  await client.push(blob)
  for (const method of ['HEAD', 'GET'] as const) {
    const { headers } = await client.blob(method, digest)
    assert.equal(headers.get('content-type'), 'application/octet-stream')
  }
})
