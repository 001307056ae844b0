import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoryName } from '../support/open-sandbox.ts'
import { digestOf, indexOf, ociIndex, ociManifest, pushImageLayers } from '../support/push.ts'
import { errorOf, imagePath, openRegistry, pushImage, putImage } from '../support/registry.ts'

test('a manifest is read by tag and by digest, byte for byte as it was put', async (t) => {
  const { client, ask } = await openRegistry(t)
  const manifest = `${(await pushImageLayers(client, 'layer')).replace('{', '{ "ü":"€😀",\t')}\n`
  await putImage(client, manifest, 'v1')
  for (const reference of ['v1', digestOf(manifest)]) {
    const answer = await ask(`${imagePath}/manifests/${reference}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), ociManifest)
    assert.equal(answer.headers.get('docker-content-digest'), digestOf(manifest))
    assert.equal(answer.headers.get('connection'), 'keep-alive')
    assert.equal(await answer.text(), manifest)
  }
})

test('HEAD of a manifest says what GET would, without the bytes', async (t) => {
  const { client, ask } = await openRegistry(t)
  const manifest = await pushImage(client, 'layer', 'v1')
  for (const reference of ['v1', digestOf(manifest)]) {
    const answer = await ask(`${imagePath}/manifests/${reference}`, { method: 'HEAD' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-length'), String(manifest.length))
    assert.equal(answer.headers.get('content-type'), ociManifest)
    assert.equal(answer.headers.get('docker-content-digest'), digestOf(manifest))
    assert.equal(await answer.text(), '')
  }
})

test('an index is read with its own media type', async (t) => {
  const { client, ask } = await openRegistry(t)
  const index = indexOf(digestOf(await pushImage(client, 'layer')))
  await putImage(client, index, 'multi')
  const answer = await ask(`${imagePath}/manifests/multi`)
  assert.equal(answer.headers.get('content-type'), ociIndex)
  assert.equal(await answer.text(), index)
})

test('the account id stands for the alias, and another name for nothing', async (t) => {
  const { client, ask } = await openRegistry(t)
  await pushImage(client, 'layer', 'v1')
  const own = await ask(`/v2/123456789012/${repositoryName}/manifests/v1`)
  assert.equal(own.status, 200)
  const other = await ask(`/v2/other/${repositoryName}/manifests/v1`)
  assert.deepEqual(await errorOf(other), [404, 'NAME_UNKNOWN'])
})

test('manifestDigestOnGet leaves the digest out of GET alone', async (t) => {
  const { client, ask } = await openRegistry(t, { switches: { manifestDigestOnGet: 'absent' } })
  const manifest = await pushImage(client, 'layer', 'v1')
  const get = await ask(`${imagePath}/manifests/v1`)
  assert.equal(get.headers.get('docker-content-digest'), null)
  assert.equal(await get.text(), manifest)
  const head = await ask(`${imagePath}/manifests/v1`, { method: 'HEAD' })
  assert.equal(head.headers.get('docker-content-digest'), digestOf(manifest))
})

test('a tag is read where it stands now', async (t) => {
  const { client, ask } = await openRegistry(t)
  const read = async () => (await ask(`${imagePath}/manifests/latest`)).text()
  const first = await pushImage(client, 'first', 'latest')
  assert.equal(await read(), first)
  const second = await pushImage(client, 'second', 'latest')
  assert.equal(await read(), second)
  await client.batchDeleteImage({ repositoryName, imageIds: [{ imageTag: 'latest' }] })
  assert.deepEqual(await errorOf(await ask(`${imagePath}/manifests/latest`)), [
    404,
    'MANIFEST_UNKNOWN',
  ])
})

for (const [what, path, status, code] of [
  ['an unknown tag', `${imagePath}/manifests/v2`, 404, 'MANIFEST_UNKNOWN'],
  ['an unknown digest', `${imagePath}/manifests/${digestOf('other')}`, 404, 'MANIFEST_UNKNOWN'],
  ['a sha512 digest', `${imagePath}/manifests/sha512:00`, 404, 'MANIFEST_UNKNOWN'],
  ['a digest that is none', `${imagePath}/manifests/sha256:00`, 400, 'DIGEST_INVALID'],
  ['an unknown repository', '/v2/sandbox/team/other/manifests/v1', 404, 'NAME_UNKNOWN'],
  ['a malformed repository', '/v2/sandbox/team/App/manifests/v1', 400, 'NAME_INVALID'],
  ['no repository', '/v2/sandbox/manifests/v1', 404, 'NAME_UNKNOWN'],
  ['the catalog', '/v2/_catalog', 404, 'NAME_UNKNOWN'],
] as const) {
  test(`${what} is ${status} ${code}`, async (t) => {
    const { client, ask } = await openRegistry(t)
    await pushImage(client, 'layer', 'v1')
    const head = await ask(path, { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [status, ''])
    assert.deepEqual(await errorOf(await ask(path)), [status, code])
  })
}

test('where any repository is created, a malformed name creates none', async (t) => {
  const { sandbox, ask } = await openRegistry(t, {
    repositories: [],
    switches: { anyRepository: true },
  })
  const malformed = await ask('/v2/sandbox/Team/manifests/v1')
  assert.deepEqual(await errorOf(malformed), [400, 'NAME_INVALID'])
  const other = await ask('/v2/other/team/new/manifests/v1')
  assert.deepEqual(await errorOf(other), [404, 'NAME_UNKNOWN'])
  assert.deepEqual(sandbox.state().repositories, [])
  const first = await ask('/v2/sandbox/team/new/manifests/v1')
  assert.deepEqual(await errorOf(first), [404, 'MANIFEST_UNKNOWN'])
})

for (const [method, path] of [
  ['POST', `${imagePath}/blobs/uploads/`],
  ['PATCH', `${imagePath}/blobs/uploads/1`],
  ['PUT', `${imagePath}/manifests/v2`],
  ['DELETE', `${imagePath}/manifests/v1`],
  ['DELETE', `${imagePath}/blobs/${digestOf('layer')}`],
] as const) {
  test(`${method} of ${path.slice(imagePath.length, 60)} is 405 and changes nothing`, async (t) => {
    const { sandbox, client, ask } = await openRegistry(t)
    await pushImage(client, 'layer', 'v1')
    const before = sandbox.state()
    const answer = await ask(path, { method })
    assert.equal(answer.headers.get('allow'), 'GET, HEAD')
    assert.deepEqual(await errorOf(answer), [405, 'UNSUPPORTED'])
    assert.deepEqual(sandbox.state(), before)
  })
}

test('who pushes without a token is challenged first', async (t) => {
  const { sandbox } = await openRegistry(t)
  const answer = await fetch(`${sandbox.url}${imagePath}/blobs/uploads/`, { method: 'POST' })
  assert.ok(answer.headers.get('www-authenticate'))
  assert.deepEqual(await errorOf(answer), [401, 'UNAUTHORIZED'])
})
