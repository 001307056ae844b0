import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { openAccess } from '../../../src/access/access.ts'
import type { Destination } from '../../../src/registry/destination.ts'
import { layerBytes } from '../../support/layers.ts'
import { type OciAnswer, type OciClient, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import {
  descriptorOf,
  imageOf,
  indexOf,
  pushBlobs,
  pushImage,
  type SomeImage,
  type SomeManifest,
} from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const configType = 'application/vnd.oci.image.config.v1+json'
const access = (destination: Destination) =>
  openAccess({ ...destination, isWriteOnce: (tag) => tag.startsWith('v') })

/** An image for one platform. */
function imageFor(architecture: string, seed: number): SomeImage {
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture, seed }))
  const image = imageOf([layerBytes(2_000, seed)], { config: descriptorOf(config, configType) })
  return { ...image, config }
}

function attestation(seed: number): SomeImage {
  const config = Buffer.from(JSON.stringify({ os: 'unknown', architecture: 'unknown', seed }))
  const statement = layerBytes(500, seed)
  const layers = [descriptorOf(statement, 'application/vnd.in-toto+json')]
  return {
    ...imageOf([statement], { config: descriptorOf(config, configType), layers }),
    config,
  }
}

const first = imageFor('amd64', 1)
const other = imageFor('amd64', 2)
const arm = imageFor('arm64', 3)
const proof = attestation(4)

async function setUp(t: TestContext) {
  const service = await startService(t, { access })
  return { ...service, client: ociClient(service.url) }
}

async function put(client: OciClient, tag: string, manifest: SomeManifest): Promise<number> {
  return (await client.putManifest(tag, manifest)).status
}

function errorOf({ bytes }: OciAnswer): { readonly code: string; readonly message: string } {
  return JSON.parse(bytes.toString()).errors[0]
}

describe('a tag that is written once', () => {
  test('refuses another image with 409, and names both digests', async (t) => {
    const { client, sandbox } = await setUp(t)
    await pushImage(client, first, 'v1')
    await pushBlobs(client, other)
    const answer = await client.putManifest('v1', other)
    assert.equal(answer.status, 409)
    const { code, message } = errorOf(answer)
    assert.equal(code, 'DENIED')
    const text = `${message} ${answer.bytes.toString()}`
    for (const part of ['v1', first.digest, other.digest]) assert.ok(text.includes(part), part)
    assert.deepEqual(inEcr(sandbox).tags, { v1: first.digest })
    assert.ok(!inEcr(sandbox).images.has(other.digest))
  })

  test('takes the same image again, without a call that moves it', async (t) => {
    const { client, sandbox, calls } = await setUp(t)
    await pushImage(client, first, 'v1')
    sandbox.clearCalls()
    const answer = await client.putManifest('v1', first)
    assert.equal(answer.status, 201)
    assert.equal(answer.headers.get('docker-content-digest'), first.digest)
    assert.ok(!calls().includes('PutImage'))
  })

  test('leaves other tags as they are', async (t) => {
    const { client, sandbox } = await setUp(t)
    await pushImage(client, first, 'latest')
    await pushImage(client, other, 'latest')
    assert.deepEqual(inEcr(sandbox).tags, { latest: other.digest })
  })

  test('is read in ECR Public each time, so what another writer did counts', async (t) => {
    const { client, sandbox } = await setUp(t)
    const env = { LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url }
    const elsewhere = ociClient((await startService(t, { env })).url)
    assert.equal((await client.manifest('HEAD', 'v1')).status, 404)
    await pushImage(elsewhere, first, 'v1')
    await pushBlobs(client, other)
    assert.equal(await put(client, 'v1', other), 409)
    await pushImage(elsewhere, other, 'v1')
    assert.equal(await put(client, 'v1', other), 201)
  })

  test('holds after a restart', async (t) => {
    const service = await startService(t, { access })
    await pushImage(ociClient(service.url), first, 'v1')
    const { url, sandbox } = await service.restart()
    const client = ociClient(url)
    await pushBlobs(client, other)
    assert.equal(await put(client, 'v1', other), 409)
    assert.equal(await put(client, 'v1', first), 201)
    assert.equal(await put(client, 'v1', indexOf([first])), 409)
    assert.deepEqual(inEcr(sandbox).tags, { v1: first.digest })
  })

  test('keeps all tags of a push by digest from it', async (t) => {
    const { client, sandbox } = await setUp(t)
    await pushImage(client, first, 'v1')
    await pushBlobs(client, other)
    const answer = await client.putManifest(other.digest, other, '?tag=latest&tag=v1')
    assert.equal(answer.status, 409)
    assert.deepEqual(inEcr(sandbox).tags, { v1: first.digest })
  })

  test('stays when docker build --push of an older engine puts each child under it again', async (t) => {
    const { client, sandbox } = await setUp(t)
    for (const child of [first, proof]) await pushImage(client, child)
    const index = indexOf([first, proof])
    for (const manifest of [index, first, proof, index]) {
      assert.equal(await put(client, 'v1', manifest), 201)
      assert.deepEqual(inEcr(sandbox).tags, { v1: index.digest })
    }
  })

  test('stays when such an engine pushes the same again after a restart', async (t) => {
    const service = await startService(t, { access })
    const children = [first, proof]
    for (const child of children) await pushImage(ociClient(service.url), child)
    const index = indexOf(children)
    assert.equal(await put(ociClient(service.url), 'v1', index), 201)
    const { url, sandbox } = await service.restart()
    for (const manifest of [first, proof, index]) {
      assert.equal(await put(ociClient(url), 'v1', manifest), 201)
    }
    assert.deepEqual(inEcr(sandbox).tags, { v1: index.digest })
  })

  test('goes to the index of a docker push that puts all children under it at once', async (t) => {
    const { client, sandbox } = await setUp(t)
    const children = [proof, first, arm]
    for (const child of children) await pushBlobs(client, child)
    const answers = await Promise.all(children.map((child) => put(client, 'v1', child)))
    assert.deepEqual(answers, [201, 201, 201])
    const index = indexOf(children)
    assert.equal(await put(client, 'v1', index), 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: index.digest })
    for (const child of children) assert.ok(inEcr(sandbox).images.has(child.digest))
    assert.equal(await put(client, 'v1', indexOf([first])), 409)
  })

  test('goes to one of two images that come at once, whose other hears 409', async (t) => {
    const { client, sandbox } = await setUp(t)
    for (const image of [first, other]) await pushBlobs(client, image)
    const answers = await Promise.all([first, other].map((image) => put(client, 'v1', image)))
    assert.deepEqual(new Set(answers), new Set([201, 409]))
    const winner = answers[0] === 201 ? first : other
    assert.deepEqual(inEcr(sandbox).tags, { v1: winner.digest })
  })

  test('is not refused to its own image when the answer of PutImage was lost', async (t) => {
    const { client, sandbox } = await setUp(t)
    await pushBlobs(client, first)
    await until('ECR has the layers', () => inEcr(sandbox).layers.size === 2)
    sandbox.addFault({ operation: 'PutImage', call: 1, fault: { kind: 'reset-after-storing' } })
    assert.equal(await put(client, 'v1', first), 201)
    assert.deepEqual(inEcr(sandbox).tags, { v1: first.digest })
  })
})
