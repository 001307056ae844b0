import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { locationOf, type OciAnswer, type OciClient, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushBlobs, type SomeManifest } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const image = imageOf([layerBytes(20_000)])
const path = '/v2/team/app/manifests/v1'
const slow = {
  operation: 'CompleteLayerUpload',
  call: 'every',
  fault: { kind: 'delay', delayMs: 1000 },
} as const

function putTo(client: OciClient, location: string, { bytes, mediaType }: SomeManifest) {
  return client.send('PUT', location, { headers: { 'content-type': mediaType }, body: bytes })
}

/** Sends the same body wherever it is sent, and gives all answers. */
async function follow(client: OciClient, location: string, manifest: SomeManifest) {
  const answers: OciAnswer[] = []
  for (let next: string | null = location; next !== null; ) {
    const answer: OciAnswer = await putTo(client, next, manifest)
    answers.push(answer)
    next = answer.status === 307 ? locationOf(answer, 307) : null
  }
  return answers
}

for (const agent of ['containerd/2.3.4', 'buildkit/v0.30.0', 'docker/29.0.0 go/go1.26']) {
  test(`${agent}: a manifest that waits is 307 to the same address, until it is 201`, async (t) => {
    const { url, sandbox, calls } = await startService(t, { timing: { redirectAfterMs: 400 } })
    sandbox.addFault(slow)
    const client = ociClient(url, { headers: { 'user-agent': agent } })
    await pushBlobs(client, image)
    const answers = await follow(client, `${path}?ns=registry.example`, image)
    const statuses = answers.map(({ status }) => status)
    assert.ok(statuses.length > 1)
    assert.deepEqual(new Set(statuses.slice(0, -1)), new Set([307]))
    assert.equal(statuses.at(-1), 201)
    for (const answer of answers.slice(0, -1)) {
      const location = locationOf(answer, 307)
      assert.ok(location.startsWith(`${path}?`))
      assert.equal(new URL(location, url).searchParams.get('ns'), 'registry.example')
      assert.equal(answer.headers.get('content-length'), '0')
    }
    assert.equal(calls().filter((operation) => operation === 'PutImage').length, 1)
    assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
  })
}

describe('a client of long patience', () => {
  for (const agent of ['skopeo/1.18.0', 'go-containerregistry/v0.20.7', 'oras/1.3.3']) {
    test(`${agent} gets its answer, never a redirect`, async (t) => {
      const { url, sandbox } = await startService(t, { timing: { redirectAfterMs: 50 } })
      sandbox.addFault(slow)
      const client = ociClient(url, { headers: { 'user-agent': agent } })
      await pushBlobs(client, image)
      assert.equal((await putTo(client, path, image)).status, 201)
    })
  }
})

test('after as many redirects as Go follows, docker and buildkit wait', async (t) => {
  const { url, sandbox } = await startService(t, { timing: { redirectAfterMs: 20 } })
  sandbox.addFault(slow)
  const client = ociClient(url, { headers: { 'user-agent': 'docker/29.0.0 go/go1.26' } })
  await pushBlobs(client, image)
  const answers = await follow(client, path, image)
  assert.equal(answers.at(-1)?.status, 201)
  assert.ok(answers.length <= 10)
})

test('after as many redirects as Go follows, containerd hears 408, and its repeat goes on with the same push', async (t) => {
  const { url, sandbox, calls } = await startService(t, { timing: { redirectAfterMs: 20 } })
  sandbox.addFault(slow)
  const client = ociClient(url, { headers: { 'user-agent': 'containerd/2.3.4' } })
  await pushBlobs(client, image)
  const first = await follow(client, path, image)
  assert.deepEqual([first.length, first.at(-1)?.status], [10, 408])
  let last = first.at(-1)
  for (let repeats = 0; last?.status === 408 && repeats < 100; repeats += 1) {
    last = (await follow(client, path, image)).at(-1)
  }
  assert.equal(last?.status, 201)
  assert.equal(calls().filter((operation) => operation === 'PutImage').length, 1)
})

test('a client that was sent on and comes back keeps its place before a newer push of the tag', async (t) => {
  const { url, sandbox, calls } = await startService(t, { timing: { redirectAfterMs: 400 } })
  const newer = imageOf([layerBytes(20_000, 2)])
  const client = ociClient(url, { headers: { 'user-agent': 'containerd/2.3.4' } })
  sandbox.addFault(slow)
  await pushBlobs(client, image)
  const redirected = await putTo(client, path, image)
  const location = locationOf(redirected, 307)
  const patient = ociClient(url)
  await pushBlobs(patient, newer)
  const second = putTo(patient, path, newer)
  assert.equal((await follow(client, location, image)).at(-1)?.status, 201)
  assert.equal((await second).status, 201)
  await until('both are put', () => calls().filter((each) => each === 'PutImage').length === 2)
  assert.deepEqual(inEcr(sandbox).tags, { v1: newer.digest })
})

test('a query that continues nothing is a push of its own', async (t) => {
  const { url, sandbox } = await startService(t)
  const client = ociClient(url)
  await pushBlobs(client, image)
  for (const query of ['?continues=none&redirects=3', '?continues=&redirects=x']) {
    assert.equal((await putTo(client, `${path}${query}`, image)).status, 201)
  }
  assert.deepEqual(inEcr(sandbox).tags, { v1: image.digest })
})

test('a shutdown lets a client that was sent on come back for its answer', async (t) => {
  const { url, sandbox, service } = await startService(t, { timing: { redirectAfterMs: 400 } })
  sandbox.addFault(slow)
  const client = ociClient(url, { headers: { 'user-agent': 'containerd/2.3.4' } })
  await pushBlobs(client, image)
  const location = locationOf(await putTo(client, path, image), 307)
  service.drain()
  assert.ok(service.inFlight.count > 0)
  assert.equal((await putTo(client, path, image)).status, 503)
  const answers = await follow(client, location, image)
  assert.equal(answers.at(-1)?.status, 201)
})
