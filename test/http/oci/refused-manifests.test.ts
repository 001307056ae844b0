import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { descriptorOf, imageOf, indexOf, ociImage, pushBlobs, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const layer = layerBytes(512)
const image = imageOf([layer])
const maxBytes = 4 * 1024 * 1024

function paddedImage(sizeBytes: number) {
  const without = imageOf([layer], { annotations: { pad: '' } }).bytes.length
  return imageOf([layer], { annotations: { pad: 'a'.repeat(sizeBytes - without) } })
}

describe('size', () => {
  test('4 MiB are taken', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const largest = paddedImage(maxBytes)
    assert.equal(largest.bytes.length, maxBytes)
    await pushImage(client, largest, 'v1')
    assert.deepEqual((await client.manifest('GET', 'v1')).bytes, largest.bytes)
  })

  test('one byte more is 413 and sends nothing, also where no length announces it', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const tooLarge = paddedImage(maxBytes + 1)
    const refused = [413, 'SIZE_INVALID', 'manifest_too_large'] as const
    assertRefused(await client.putManifest('v1', tooLarge), ...refused)
    async function* unannounced() {
      yield tooLarge.bytes
    }
    const answer = await client.send('PUT', '/v2/team/app/manifests/v1', {
      headers: { 'content-type': ociImage },
      body: unannounced(),
    })
    assertRefused(answer, ...refused)
    assert.ok(!calls().includes('PutImage'))
  })
})

describe('reference', () => {
  test('bad digest: two more spaces are 400, and nothing is stored under either digest', async (t) => {
    const { url, sandbox, calls } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const bytes = Buffer.concat([image.bytes, Buffer.from('  ')])
    const answer = await client.putManifest(image.digest, { ...image, bytes })
    assertRefused(answer, 400, 'DIGEST_INVALID', 'digest_mismatch')
    const [{ detail }] = JSON.parse(answer.bytes.toString()).errors
    assert.equal(detail.expected.digest, image.digest)
    assert.deepEqual(detail.actual, { digest: digestOf(bytes), sizeBytes: bytes.length })
    for (const digest of [image.digest, digestOf(bytes)]) {
      assert.equal((await client.manifest('GET', digest)).status, 404)
    }
    assert.equal(inEcr(sandbox).images.size, 0)
    assert.ok(!calls().includes('PutImage'))
  })

  test('a malformed digest is 400, for PUT and for GET', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    await pushBlobs(client, image)
    const malformed = [400, 'DIGEST_INVALID', 'digest_malformed'] as const
    assertRefused(await client.putManifest('sha256:baddigeststring', image), ...malformed)
    assertRefused(await client.manifest('GET', 'sha256:baddigeststring'), ...malformed)
  })

  for (const tag of ['.INVALID_MANIFEST_NAME', '-v1', 'a'.repeat(129), 'v1%20', 'v%2F1', 'v1%0A']) {
    test(`what no tag can be, ${tag.slice(0, 25)}, is 400 for PUT and 404 for GET and HEAD`, async (t) => {
      const { url, calls } = await startService(t)
      const client = ociClient(url)
      const put = await client.putManifest(tag, image)
      assertRefused(put, 400, 'MANIFEST_INVALID', 'tag_invalid')
      const got = await client.manifest('GET', tag)
      assertRefused(got, 404, 'MANIFEST_UNKNOWN', 'manifest_unknown')
      assert.equal((await client.manifest('HEAD', tag)).status, 404)
      assert.deepEqual(calls(), [])
    })
  }

  test('128 characters are a tag', async (t) => {
    const { url, sandbox } = await startService(t)
    const tag = `_${'A.-'.repeat(42)}z`
    assert.equal(tag.length, 128)
    await pushImage(ociClient(url), image, tag)
    assert.deepEqual(inEcr(sandbox).tags, { [tag]: image.digest })
  })

  test('missing manifest: by digest and by tag 404', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    for (const reference of [image.digest, 'v1']) {
      const got = await client.manifest('GET', reference)
      assertRefused(got, 404, 'MANIFEST_UNKNOWN', 'manifest_unknown')
      const head = await client.manifest('HEAD', reference)
      assert.equal(head.status, 404)
      assert.equal(head.bytes.length, 0)
    }
  })

  test('in a repository that ECR Public does not have it is 404, and the name is at fault', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url, { repository: 'team/missing' })
    const unknown = [404, 'NAME_UNKNOWN', 'repository_unknown'] as const
    assertRefused(await client.putManifest('v1', image), ...unknown)
    assertRefused(await client.putManifest('v1', indexOf([])), ...unknown)
    assertRefused(await client.manifest('GET', 'v1'), ...unknown)
    assert.equal((await client.manifest('HEAD', 'v1')).status, 404)
  })
})

describe('form', () => {
  const config = descriptorOf(image.config, 'application/vnd.oci.image.config.v1+json')
  const good = { schemaVersion: 2, mediaType: ociImage, config, layers: [] }

  for (const [what, text] of [
    ['nothing', ''],
    ['no JSON', '{"schemaVersion":2,'],
    ['no object', '[]'],
    ['null', 'null'],
    ['bytes that are no UTF-8', Buffer.from('{"schemaVersion":2,"a":"\xff"}', 'latin1')],
    ['schemaVersion 1', { ...good, schemaVersion: 1 }],
    ['no config', { ...good, config: undefined }],
    ['no layers', { ...good, layers: undefined }],
    ['a layer without a digest', { ...good, layers: [{ mediaType: 'a/b', size: 1 }] }],
    ['a layer of a negative size', { ...good, layers: [{ ...config, size: -1 }] }],
    ['a layer whose digest is malformed', { ...good, layers: [{ ...config, digest: 'sha256:1' }] }],
    ['a sha512 layer', { ...good, layers: [{ ...config, digest: `sha512:${'a'.repeat(128)}` }] }],
    ['a subject that is none', { ...good, subject: 'v1' }],
  ] as const) {
    test(`${what} is 400 MANIFEST_INVALID, and AWS is not asked`, async (t) => {
      const { url, calls } = await startService(t)
      const isBytes = typeof text === 'string' || Buffer.isBuffer(text)
      const bytes = Buffer.from(isBytes ? text : JSON.stringify(text))
      const answer = await ociClient(url).putManifest('v1', { bytes, mediaType: ociImage })
      assertRefused(answer, 400, 'MANIFEST_INVALID', 'manifest_invalid')
      assert.deepEqual(calls(), [])
    })
  }
})

test('what ECR Public says of a manifest that it refuses is passed on', async (t) => {
  const { url, sandbox, calls } = await startService(t)
  const client = ociClient(url)
  const message = 'Invalid JSON syntax'
  const fault = { kind: 'exception', name: 'UnsupportedImageTypeException', message } as const
  sandbox.addFault({ operation: 'PutImage', call: 'every', fault })
  await pushBlobs(client, image)
  const answer = await client.putManifest('v1', image)
  assertRefused(answer, 502, 'UNKNOWN', 'upstream_rejected')
  assert.ok(answer.bytes.includes(message))
  assert.equal(calls().filter((operation) => operation === 'PutImage').length, 1)
})

test('a client that stays silent within its manifest hears 408', async (t) => {
  const { port, calls } = await startService(t, { env: { LAYERGATE_UPLOAD_IDLE: '300ms' } })
  const client = await rawClient(port)
  client.write(
    `PUT /v2/team/app/manifests/v1 HTTP/1.1\r\nHost: a\r\nContent-Type: ${ociImage}\r\nContent-Length: 100\r\n\r\n{`,
  )
  const { status, body } = await client.answer()
  assert.equal(status, 408)
  assert.match(JSON.stringify(body), /idle_timeout/)
  assert.deepEqual(calls(), [])
})
