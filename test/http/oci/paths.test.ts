import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { imageOf } from './support/images.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

describe('/v2/', () => {
  for (const path of ['/v2/', '/v2', '/v2/?ns=docker.io', '/v2?ns=docker.io']) {
    test(`${path} says that this is a registry`, async (t) => {
      const { url } = await startService(t)
      const answer = await ociClient(url).send('GET', path)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
      assert.equal(answer.headers.get('content-type'), 'application/json')
      assert.equal(answer.bytes.toString(), '{}')
      const head = await ociClient(url).send('HEAD', path)
      assert.equal(head.status, 200)
      assert.equal(head.headers.get('docker-distribution-api-version'), 'registry/2.0')
    })
  }

  for (const path of ['//v2', '//v2/', '/v2//', '/V2/', '/v1', '/v2/_catalog']) {
    test(`${path} is 404`, async (t) => {
      const { url } = await startService(t)
      const answer = await ociClient(url).send('GET', new URL(url).origin + path)
      assert.equal(answer.status, 404)
    })
  }
})

describe('trailing slash of /blobs/uploads/', () => {
  for (const slash of ['', '/']) {
    test(`a POST ${slash ? 'with' : 'without'} it is 202, and never a redirect`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const answer = await client.send('POST', `/v2/team/app/blobs/uploads${slash}`)
      const pushed = await client.put(locationOf(answer, 202), digest, { body: blob })
      await assertPulled(client, pushed, blob)
    })

    test(`a POST ${slash ? 'with' : 'without'} it keeps its query`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const path = `/v2/team/app/blobs/uploads${slash}?digest=${encodeURIComponent(digest)}`
      await assertPulled(client, await client.send('POST', path, { body: blob }), blob)
    })
  }
})

describe('Location', () => {
  test('of every answer is relative and has no query', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const started = await client.post()
    const session = locationOf(started, 202)
    const upload = `/v2/team/app/blobs/uploads/${started.headers.get('docker-upload-uuid')}`
    assert.equal(session, upload)
    assert.equal(locationOf(await client.patch(session, blob), 202), upload)
    assert.equal(locationOf(await client.send('GET', session), 204), upload)
    assert.equal(locationOf(await client.put(session, digest), 201), `/v2/team/app/blobs/${digest}`)
    const image = imageOf([blob])
    await client.push(image.config)
    const manifest = `/v2/team/app/manifests/${image.digest}`
    assert.equal(locationOf(await client.putManifest('v1', image), 201), manifest)
  })

  test('is relative whatever a proxy says of the outside', async (t) => {
    const { url } = await startService(t)
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'registry.example' }
    const answer = await ociClient(url, { headers }).post()
    assert.match(locationOf(answer, 202), /^\/v2\/team\/app\/blobs\/uploads\/[0-9a-f-]{36}$/)
  })
})

test('the query `ns` is ignored by every request of a push and a pull', async (t) => {
  const { url } = await startService(t)
  const client = ociClient(url)
  const ns = 'ns=registry.example'
  const location = locationOf(await client.post(`?${ns}`), 202)
  assert.equal((await client.send('PATCH', `${location}?${ns}`, { body: blob })).status, 202)
  assert.equal((await client.send('GET', `${location}?${ns}`)).status, 204)
  const pushed = await client.send('PUT', `${location}?${ns}&digest=${encodeURIComponent(digest)}`)
  await assertPulled(client, pushed, blob)
  const image = imageOf([blob])
  await client.push(image.config)
  assert.equal((await client.putManifest('v1', image, `?${ns}`)).status, 201)
  for (const path of [
    `blobs/${digest}`,
    'manifests/v1',
    `manifests/${image.digest}`,
    'tags/list',
    `referrers/${image.digest}`,
  ]) {
    assert.equal((await client.send('GET', `/v2/team/app/${path}?${ns}`)).status, 200)
  }
})

describe('digests in paths', () => {
  const sha512 = `sha512:${'a'.repeat(128)}`

  for (const [what, text, code] of [
    ['a sha512 digest, which has 135 characters', sha512, 'digest_unsupported'],
    ['a digest that is too short', 'sha256:baddigeststring', 'digest_malformed'],
    ['a digest in upper case', digest.toUpperCase(), 'digest_malformed'],
    ['no digest', 'latest', 'digest_malformed'],
    ['1,000 characters', `sha256:${'a'.repeat(993)}`, 'digest_malformed'],
  ] as const) {
    test(`${what}: 400, neither 414 nor 404`, async (t) => {
      const { url, calls } = await startService(t)
      const client = ociClient(url)
      assertRefused(await client.blob('GET', text), 400, 'DIGEST_INVALID', code)
      assert.equal((await client.blob('HEAD', text)).status, 400)
      const referrers = await client.send('GET', `/v2/team/app/referrers/${text}`)
      assertRefused(referrers, 400, 'DIGEST_INVALID', code)
      assert.deepEqual(calls(), [])
    })
  }

  test('a sha512 digest of a manifest is 400 for PUT, GET and HEAD', async (t) => {
    const { url, calls } = await startService(t)
    const client = ociClient(url)
    const unsupported = [400, 'DIGEST_INVALID', 'digest_unsupported'] as const
    assertRefused(await client.putManifest(sha512, imageOf([blob])), ...unsupported)
    assertRefused(await client.manifest('GET', sha512), ...unsupported)
    assert.equal((await client.manifest('HEAD', sha512)).status, 400)
    assert.deepEqual(calls(), [])
  })

  test('a percent-encoded colon is a colon', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    await client.push(blob)
    assert.deepEqual((await client.blob('GET', digest.replace(':', '%3A'))).bytes, blob)
  })
})
