import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { VerifiedLayer } from '../../src/layers/verified-layer.ts'
import type { Upstream } from '../../src/publish/upstream.ts'
import { UpstreamError } from '../../src/publish/upstream-error.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import { parseTag } from '../../src/registry/reference.ts'
import { layerBytes } from '../support/layers.ts'
import { imageOf, indexOf, ociImageType } from '../support/manifests.ts'
import { until } from '../support/until.ts'
import { callWith, latest, setUp, setUpWithRetry, upstreamError } from './setup.ts'

const call = callWith()
const lost = { kind: 'reset-after-storing' } as const

/** Brings a layer of up to ten bytes upstream. */
async function send(upstream: Upstream, layer: VerifiedLayer): Promise<void> {
  const upload = await upstream.start(call, layer)
  await upstream.sendPart(call, upload, layer, { firstByte: 0, lastByte: layer.sizeBytes - 1 })
  await upstream.complete(call, upload, layer)
}

/** An upstream that has the two blobs of an image, and nothing else. */
async function setUpImage(t: TestContext, { withRetry = false } = {}) {
  const one = await (withRetry ? setUpWithRetry(t) : setUp(t))
  const config = await one.admit(layerBytes(2))
  const layer = await one.admit(layerBytes(3))
  for (const blob of [config, layer]) await send(one.upstream, blob)
  const { sandbox, outcomes } = one
  return {
    ...one,
    image: imageOf(config, layer),
    stored: () => sandbox.state().repositories[0],
    putOutcomes: () => outcomes().filter((outcome) => outcome.startsWith('PutImage')),
  }
}

test('a manifest arrives byte for byte, under its type and its tag', async (t) => {
  const { upstream, sandbox, image, stored, putOutcomes } = await setUpImage(t)
  await upstream.putManifest(call, image, latest)
  const [kept] = stored()?.images ?? []
  assert.equal(kept?.manifest, image.bytes.toString('utf8'))
  assert.deepEqual([kept.digest, kept.mediaType], [image.digest, ociImageType])
  assert.deepEqual(stored()?.tags, { latest: image.digest })
  assert.deepEqual(putOutcomes(), ['PutImage success'])
  assert.equal(sandbox.calls().at(-1)?.imageDigest, image.digest)
})

test('a manifest that does not name its own type arrives under the one that it was sent as', async (t) => {
  const { upstream, image, stored } = await setUpImage(t)
  const { mediaType: _, ...untyped } = JSON.parse(image.bytes.toString('utf8'))
  const manifest = parseManifest(Buffer.from(JSON.stringify(untyped)), ociImageType)
  await upstream.putManifest(call, manifest, latest)
  assert.equal(stored()?.images[0]?.mediaType, ociImageType)
})

test('without a tag a manifest is there by its digest alone', async (t) => {
  const { upstream, image, stored } = await setUpImage(t)
  await upstream.putManifest(call, image)
  assert.deepEqual(stored()?.tags, {})
  assert.equal(stored()?.images.length, 1)
})

test('an index arrives after its children', async (t) => {
  const { upstream, image, stored } = await setUpImage(t)
  const index = indexOf(image)
  await assert.rejects(
    upstream.putManifest(call, index, latest),
    upstreamError('references_unknown', 'ReferencedImagesNotFoundException'),
  )
  await upstream.putManifest(call, image)
  await upstream.putManifest(call, index, latest)
  assert.deepEqual(stored()?.tags, { latest: index.digest })
})

test('what is there already is a success', async (t) => {
  const { upstream, image, putOutcomes } = await setUpImage(t)
  await upstream.putManifest(call, image, latest)
  await upstream.putManifest(call, image, latest)
  assert.deepEqual(putOutcomes(), ['PutImage success', 'PutImage ImageAlreadyExistsException'])
})

test('layers that the repository lacks are named', async (t) => {
  const { upstream, admit, stored } = await setUpImage(t)
  const missing = await admit(layerBytes(4))
  await assert.rejects(
    upstream.putManifest(call, imageOf(missing), latest),
    (error) =>
      error instanceof UpstreamError &&
      error.failure === 'references_unknown' &&
      error.facts.exception === 'LayersNotFoundException' &&
      error.facts.message.includes(missing.digest),
  )
  assert.deepEqual(stored()?.images, [])
})

test('a lost answer is settled by reading the tag', async (t) => {
  const { upstream, sandbox, image, stored, putOutcomes } = await setUpImage(t, { withRetry: true })
  sandbox.addFault({ operation: 'PutImage', call: 1, fault: lost })
  await upstream.putManifest(call, image, latest)
  assert.deepEqual(putOutcomes(), ['PutImage ECONNRESET'])
  assert.deepEqual(stored()?.tags, { latest: image.digest })
})

test('a lost answer without a tag is settled by asking again', async (t) => {
  const { upstream, sandbox, image, putOutcomes } = await setUpImage(t, { withRetry: true })
  sandbox.addFault({ operation: 'PutImage', call: 1, fault: lost })
  await upstream.putManifest(call, image)
  assert.deepEqual(putOutcomes(), ['PutImage ECONNRESET', 'PutImage ImageAlreadyExistsException'])
})

test('a call that was not carried out is repeated', async (t) => {
  const { upstream, sandbox, image, stored, putOutcomes } = await setUpImage(t, { withRetry: true })
  sandbox.addFault({ operation: 'PutImage', call: 1, fault: { kind: 'html-503' } })
  await upstream.putManifest(call, image, latest)
  assert.deepEqual(putOutcomes(), ['PutImage SyntaxError', 'PutImage success'])
  assert.deepEqual(stored()?.tags, { latest: image.digest })
})

test('a call that was sent is not cut off when nobody wants it any more: its answer tells where the tag is', async (t) => {
  const { upstream, sandbox, image, calls, putOutcomes } = await setUpImage(t)
  sandbox.addFault({ operation: 'PutImage', call: 1, fault: { kind: 'delay', delayMs: 20 } })
  const leaving = new AbortController()
  const put = upstream.putManifest(callWith(leaving.signal), image, parseTag('v1'))
  await until('the call has arrived', () => calls().includes('PutImage'))
  leaving.abort(new Error('the client left'))
  await put
  assert.deepEqual(putOutcomes(), ['PutImage success'])
})

test('a call that nobody wants any more is not made', async (t) => {
  const { upstream, image, calls } = await setUpImage(t)
  const reason = new Error('the client left')
  const gone = callWith(AbortSignal.abort(reason))
  await assert.rejects(upstream.putManifest(gone, image, latest), reason)
  assert.ok(!calls().includes('PutImage'))
})
