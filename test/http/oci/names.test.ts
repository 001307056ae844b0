import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'
import { imageOf, pushImage } from './support/images.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

describe('names', () => {
  test('%2F in a name is a slash', async (t) => {
    const { url } = await startService(t)
    const encoded = ociClient(url, { repository: 'team%2Fapp' })
    const location = await encoded.begin()
    assert.match(location, /^\/v2\/team\/app\//)
    await encoded.put(location, digest, { body: blob })
    assert.deepEqual((await ociClient(url).blob('GET', digest)).bytes, blob)
    assert.deepEqual((await encoded.blob('GET', digest)).bytes, blob)
  })

  test('of many components, some of which are words of the path, are names all the same', async (t) => {
    const repository = 'a/blobs/uploads/manifests/b/tags/list'
    const { url } = await startService(t, { sandbox: { repositories: [repository] } })
    const client = ociClient(url, { repository })
    const image = imageOf([blob])
    await pushImage(client, image, 'v1')
    assert.deepEqual((await client.manifest('GET', 'v1')).bytes, image.bytes)
    assert.deepEqual((await client.blob('GET', digest)).bytes, blob)
    const { bytes } = await client.send('GET', `/v2/${repository}/tags/list`)
    assert.deepEqual(JSON.parse(bytes.toString()), { name: repository, tags: ['v1'] })
  })

  test('of 205 characters are good', async (t) => {
    const repository = `team/${'a'.repeat(200)}`
    const { url } = await startService(t, { sandbox: { repositories: [repository] } })
    const client = ociClient(url, { repository })
    await assertPulled(client, await client.put(await client.begin(), digest, { body: blob }), blob)
  })

  for (const [what, name] of [
    ['in upper case', 'Team/App'],
    ['with a double underscore, which ECR Public does not take', 'team__app'],
    ['with a double hyphen, which ECR Public does not take', 'team--app'],
    ['with an empty component', 'team//app'],
    ['with an empty component that is encoded', 'team%2F%2Fapp'],
    ['with a space', 'team%20app'],
    ['with a NUL', 'team%00app'],
    ['that ends in a slash', 'team%2F'],
    ['that is malformed UTF-8', 'team%ff'],
    ['of one character', 'a'],
    ['of 206 characters', `team/${'a'.repeat(201)}`],
    ['of 2,000 characters', `team/${'a'.repeat(2000)}`],
  ] as const) {
    test(`${what} are 400 NAME_INVALID, and nothing is asked of AWS`, async (t) => {
      const { url, calls } = await startService(t)
      const client = ociClient(url, { repository: name })
      const invalid = [400, 'NAME_INVALID', 'repository_name_invalid'] as const
      assertRefused(await client.post(), ...invalid)
      assertRefused(await client.post(`?digest=${digest}`, { body: blob }), ...invalid)
      assertRefused(await client.blob('GET', digest), ...invalid)
      assertRefused(await client.putManifest('v1', imageOf([blob])), ...invalid)
      assertRefused(await client.manifest('GET', 'v1'), ...invalid)
      assertRefused(await client.send('GET', `/v2/${name}/tags/list`), ...invalid)
      assert.deepEqual(calls(), [])
    })
  }

  for (const path of [
    '/v2/../v2/team/app/tags/list',
    '/v2/team/../app/tags/list',
    '/v2/%2e%2e/app/tags/list',
    '/v2/team/app/../../secret/tags/list',
  ]) {
    test(`${path}: .. is part of no name`, async (t) => {
      const { port, calls } = await startService(t)
      const client = await rawClient(port)
      // fetch would take the dots out of the path.
      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      const { status, body } = await client.answer()
      assert.equal(status, 400)
      assert.match(JSON.stringify(body), /NAME_INVALID/)
      assert.deepEqual(calls(), [])
      client.socket.destroy()
    })
  }
})
