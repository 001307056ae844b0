import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBoth, repositoryName } from './support/open-sandbox.ts'
import {
  artifactOf,
  digestOf,
  manifestOf,
  indexOf,
  layerDescriptor,
  ociManifest,
  pushImageLayers,
  pushLayer,
} from './support/push.ts'

test('a manifest is kept byte for byte under its digest', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const manifest = `${(await pushImageLayers(client, 'layer')).replace('{', '{ "ü":"€😀",\t')}\n`
  const { image } = await client.putImage({
    repositoryName,
    imageManifest: manifest,
    imageTag: 'v1',
  })
  assert.deepEqual(image, {
    registryId: '123456789012',
    repositoryName,
    imageId: { imageDigest: digestOf(manifest), imageTag: 'v1' },
    imageManifest: manifest,
    imageManifestMediaType: ociManifest,
  })
  const [repository] = sandbox.state().repositories
  assert.equal(repository?.images[0]?.manifest, manifest)
  assert.deepEqual(repository.tags, { v1: digestOf(manifest) })
})

test('an image without a tag is there by its digest', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const manifest = await pushImageLayers(client, 'layer')
  const imageDigest = digestOf(manifest)
  const { image } = await client.putImage({ repositoryName, imageManifest: manifest, imageDigest })
  assert.deepEqual(image?.imageId, { imageDigest })
  assert.deepEqual(sandbox.state().repositories[0]?.tags, {})
})

test('another digest than that of the manifest is ImageDigestDoesNotMatchException', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const manifest = await pushImageLayers(client, 'layer')
  const imageDigest = digestOf(`${manifest}\n`)
  await assert.rejects(client.putImage({ repositoryName, imageManifest: manifest, imageDigest }), {
    name: 'ImageDigestDoesNotMatchException',
  })
  assert.deepEqual(sandbox.state().repositories[0]?.images, [])
})

test('the same manifest and tag again is ImageAlreadyExistsException', async (t) => {
  const { client } = await openBoth(t)
  const input = { repositoryName, imageManifest: await pushImageLayers(client, 'layer') }
  await client.putImage({ ...input, imageTag: 'v1' })
  const name = 'ImageAlreadyExistsException'
  await assert.rejects(client.putImage({ ...input, imageTag: 'v1' }), { name })
  await assert.rejects(client.putImage(input), { name })
})

test('the same manifest under another tag is one image with two tags', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v2' })
  const [repository] = sandbox.state().repositories
  assert.equal(repository?.images.length, 1)
  const digest = digestOf(imageManifest)
  assert.deepEqual(repository.tags, { v1: digest, v2: digest })
})

test('a tag moves freely, there and back', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const first = await pushImageLayers(client, 'first')
  const second = await pushImageLayers(client, 'second')
  for (const manifest of [first, second, first]) {
    await client.putImage({ repositoryName, imageManifest: manifest, imageTag: 'latest' })
    const latest = sandbox.state().repositories[0]?.tags['latest']
    assert.equal(latest, digestOf(manifest))
  }
})

test('missing config and layers are LayersNotFoundException that names them', async (t) => {
  const { sandbox, client } = await openBoth(t)
  const present = await pushLayer(client, 'present')
  const layers = [present, digestOf('absent')].map(layerDescriptor)
  const manifest = manifestOf(digestOf('{}'), layers)
  await assert.rejects(client.putImage({ repositoryName, imageManifest: manifest }), (error) => {
    assert.ok(error instanceof Error)
    assert.equal(error.name, 'LayersNotFoundException')
    assert.ok(error.message.includes(digestOf('{}')) && error.message.includes(digestOf('absent')))
    assert.ok(!error.message.includes(present))
    return true
  })
  assert.deepEqual(sandbox.state().repositories[0]?.images, [])
})

test('a layer of another repository does not count', async (t) => {
  const { sandbox, client } = await openBoth(t)
  sandbox.createRepository('team/other')
  const manifest = await pushImageLayers(client, 'layer')
  await assert.rejects(client.putImage({ repositoryName: 'team/other', imageManifest: manifest }), {
    name: 'LayersNotFoundException',
  })
})

for (const mediaType of [
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]) {
  test(`a layer of type ${mediaType} may be absent if it has urls`, async (t) => {
    const { client } = await openBoth(t)
    const config = await pushLayer(client, '{}')
    const layer = { mediaType, digest: digestOf('elsewhere'), size: 1 }
    await assert.rejects(
      client.putImage({ repositoryName, imageManifest: manifestOf(config, [layer]) }),
      { name: 'LayersNotFoundException' },
    )
    const withUrls = manifestOf(config, [{ ...layer, urls: ['https://example.com/layer'] }])
    const { image } = await client.putImage({ repositoryName, imageManifest: withUrls })
    assert.equal(image?.imageId?.imageDigest, digestOf(withUrls))
  })
}

test('a missing image of an index is ReferencedImagesNotFoundException', async (t) => {
  const { client } = await openBoth(t)
  const child = await pushImageLayers(client, 'layer')
  const index = indexOf(digestOf(child))
  await assert.rejects(client.putImage({ repositoryName, imageManifest: index }), {
    name: 'ReferencedImagesNotFoundException',
    message: new RegExp(digestOf(child)),
  })
  await client.putImage({ repositoryName, imageManifest: child })
  const { image } = await client.putImage({ repositoryName, imageManifest: index })
  assert.equal(image?.imageId?.imageDigest, digestOf(index))
})

test('an index of indexes, and of the same image twice, needs no more than they', async (t) => {
  const { client } = await openBoth(t)
  const child = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest: child })
  const inner = indexOf(digestOf(child), digestOf(child))
  const outer = indexOf(digestOf(inner))
  await assert.rejects(client.putImage({ repositoryName, imageManifest: outer }), {
    name: 'ReferencedImagesNotFoundException',
  })
  await client.putImage({ repositoryName, imageManifest: inner })
  assert.ok(await client.putImage({ repositoryName, imageManifest: outer, imageTag: 'v1' }))
})

test('an artifact needs its empty config, not its subject', async (t) => {
  const { client } = await openBoth(t)
  const input = { repositoryName, imageManifest: artifactOf({ subject: digestOf('absent') }) }
  await assert.rejects(client.putImage(input), { name: 'LayersNotFoundException' })
  await pushLayer(client, '{}')
  const { image } = await client.putImage(input)
  assert.deepEqual(image?.imageId, { imageDigest: digestOf(input.imageManifest) })
})

test('a schema 1 manifest needs its layers', async (t) => {
  const { client } = await openBoth(t)
  const manifest = JSON.stringify({
    schemaVersion: 1,
    fsLayers: [{ blobSum: digestOf('layer') }],
  })
  const input = { repositoryName, imageManifest: manifest, imageTag: 'v1' }
  await assert.rejects(client.putImage(input), { name: 'LayersNotFoundException' })
  await pushLayer(client, 'layer')
  assert.ok((await client.putImage(input)).image)
})

test('a manifest without a media type needs one beside it', async (t) => {
  const { client } = await openBoth(t)
  const full = await pushImageLayers(client, 'layer')
  const manifest = full.replace(`"mediaType":"${ociManifest}",`, '')
  const input = { repositoryName, imageManifest: manifest }
  await assert.rejects(client.putImage(input), { name: 'InvalidParameterException' })
  const given = await client.putImage({ ...input, imageManifestMediaType: ociManifest })
  assert.equal(given.image?.imageManifestMediaType, ociManifest)
})

for (const [what, manifest] of Object.entries({
  'no JSON': '{',
  'no object': '[]',
  'of an unknown media type': '{"mediaType":"application/json"}',
  'without a config': JSON.stringify({ mediaType: ociManifest, layers: [] }),
  'with a layer that has no digest': JSON.stringify({
    mediaType: ociManifest,
    config: { digest: 'sha256:00' },
    layers: [{}],
  }),
  'with a subject that has no digest': JSON.stringify({
    mediaType: ociManifest,
    config: { digest: 'sha256:00' },
    layers: [],
    subject: {},
  }),
})) {
  test(`a manifest that is ${what} is InvalidParameterException`, async (t) => {
    const { client } = await openBoth(t)
    await assert.rejects(client.putImage({ repositoryName, imageManifest: manifest }), {
      name: 'InvalidParameterException',
    })
  })
}

test('two media types that differ are InvalidParameterException', async (t) => {
  const { client } = await openBoth(t)
  const imageManifestMediaType = 'application/vnd.docker.distribution.manifest.v2+json'
  const manifest = await pushImageLayers(client, 'layer')
  await assert.rejects(
    client.putImage({ repositoryName, imageManifest: manifest, imageManifestMediaType }),
    { name: 'InvalidParameterException' },
  )
})
