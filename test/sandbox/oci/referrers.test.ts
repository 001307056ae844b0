import assert from 'node:assert/strict'
import { test } from 'node:test'
import { artifactOf, digestOf, indexOf, ociIndex, ociManifest, pushLayer } from '../support/push.ts'
import {
  errorOf,
  imagePath,
  openRegistry,
  pushImage,
  putImage,
  type Registry,
} from '../support/registry.ts'

const referrersPath = (digest: string, query = ''): string =>
  `${imagePath}/referrers/${digest}${query}`

async function list({ ask }: Registry, path: string) {
  const answer = await ask(path)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), ociIndex)
  const { manifests, ...rest } = Object(await answer.json())
  assert.deepEqual(rest, { schemaVersion: 2, mediaType: ociIndex })
  return { manifests, filters: answer.headers.get('oci-filters-applied') }
}

test('the manifests that name a subject are its referrers, others are not', async (t) => {
  const registry = await openRegistry(t)
  const { client } = registry
  const subject = digestOf(await pushImage(client, 'layer', 'v1'))
  await pushLayer(client, '{}')
  const annotations = { 'org.example.by': 'test' }
  const artifactType = 'application/vnd.example.signature'
  const signature = artifactOf({ subject, artifactType, annotations })
  await putImage(client, signature)
  await putImage(client, artifactOf({ subject: digestOf('other'), artifactType }))
  assert.deepEqual(await list(registry, referrersPath(subject)), {
    manifests: [
      {
        mediaType: ociManifest,
        digest: digestOf(signature),
        size: signature.length,
        artifactType,
        annotations,
      },
    ],
    filters: null,
  })
})

test('a subject need not exist, and what nobody names has an empty index', async (t) => {
  const registry = await openRegistry(t)
  await pushLayer(registry.client, '{}')
  const absent = digestOf('absent')
  const signature = artifactOf({ subject: absent })
  await putImage(registry.client, signature)
  const { manifests } = await list(registry, referrersPath(absent))
  assert.equal(manifests[0].digest, digestOf(signature))
  assert.deepEqual((await list(registry, referrersPath(digestOf('other')))).manifests, [])
})

test('the artifact type is that of the config where the manifest has none, and absent from an index', async (t) => {
  const registry = await openRegistry(t)
  const { client } = registry
  const subject = digestOf('absent')
  await pushLayer(client, '{}')
  await putImage(client, artifactOf({ subject }))
  const index = indexOf(digestOf(await pushImage(client, 'layer')))
  const referring = { ...JSON.parse(index), subject: { mediaType: ociManifest, digest: subject } }
  await putImage(client, JSON.stringify(referring))
  const { manifests } = await list(registry, referrersPath(subject))
  assert.deepEqual(
    manifests.map((manifest: object) => Object(manifest).artifactType),
    ['application/vnd.oci.empty.v1+json', undefined],
  )
  assert.equal(manifests[1].mediaType, ociIndex)
})

test('artifactType filters, and the answer says so', async (t) => {
  const registry = await openRegistry(t)
  const subject = digestOf('absent')
  await pushLayer(registry.client, '{}')
  for (const artifactType of ['application/vnd.a+json', 'application/vnd.b']) {
    await putImage(registry.client, artifactOf({ subject, artifactType }))
  }
  const query = `?artifactType=${encodeURIComponent('application/vnd.a+json')}`
  const { manifests, filters } = await list(registry, referrersPath(subject, query))
  assert.deepEqual(
    manifests.map((manifest: object) => Object(manifest).artifactType),
    ['application/vnd.a+json'],
  )
  assert.equal(filters, 'artifactType')
})

test('a bad digest is 400, an unknown repository 404', async (t) => {
  const { ask } = await openRegistry(t)
  assert.deepEqual(await errorOf(await ask(referrersPath('v1'))), [400, 'DIGEST_INVALID'])
  const other = await ask(`/v2/sandbox/team/other/referrers/${digestOf('a')}`)
  assert.deepEqual(await errorOf(other), [404, 'NAME_UNKNOWN'])
})

test('with referrers not-found there is no such API', async (t) => {
  const { ask } = await openRegistry(t, { switches: { referrers: 'not-found' } })
  const answer = await ask(referrersPath(digestOf('a')))
  assert.deepEqual(await errorOf(answer), [404, 'UNSUPPORTED'])
})
