import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFindManifest } from '../../src/reads/find-manifest.ts'
import { ociIndexType } from '../../src/registry/media-type.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import type { Digest } from '../../src/registry/digest.ts'
import type { Reference } from '../../src/registry/reference.ts'
import { codeIs } from '../support/code-is.ts'
import { createFakeCatalog, type FakeCatalogOptions } from '../support/fake-catalog.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { answers, failures, never, otherTargets, tag, targetOf } from './setup.ts'

const target = targetOf()
const minuteMs = 60_000
const index = (name: string) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndexType,
    manifests: [],
    annotations: { name },
  })

function setUp(options: FakeCatalogOptions = {}) {
  let nowMs = 0
  const catalog = createFakeCatalog(options)
  return {
    catalog,
    pass(ms: number) {
      nowMs += ms
    },
    manifests: createFindManifest(catalog, () => new Date(nowMs)),
    asked: () => catalog.calls.map(({ operation }) => operation),
  }
}

const byDigest = (digest: Digest): Reference => ({ kind: 'digest', digest })

test('a tag is asked for each time, head and bytes', async () => {
  const { manifests, catalog, asked } = setUp()
  const { manifest: one } = catalog.putManifest(index('one'), 'v1')
  assert.deepEqual(await manifests.getManifest(target, tag('v1'), never), one)
  assert.equal((await manifests.headManifest(target, tag('v1'), never))?.digest, one.digest)
  const { manifest: other } = catalog.putManifest(index('other'), 'v1')
  assert.equal((await manifests.headManifest(target, tag('v1'), never))?.digest, other.digest)
  assert.deepEqual(await manifests.getManifest(target, tag('v1'), never), other)
  catalog.tagged.clear()
  assert.equal(await manifests.headManifest(target, tag('v1'), never), undefined)
  assert.equal(await manifests.getManifest(target, tag('v1'), never), undefined)
  assert.equal(asked().length, 6)
})

test('a manifest that was read, by whichever name, is known by its digest for ten minutes', async () => {
  for (const wanted of ['tag', 'digest']) {
    const { manifests, catalog, pass } = setUp()
    const { manifest } = catalog.putManifest(index('one'), 'v1')
    const reference = byDigest(manifest.digest)
    await manifests.getManifest(target, wanted === 'tag' ? tag('v1') : reference, never)
    catalog.manifests.clear()
    pass(10 * minuteMs - 1)
    assert.deepEqual(await manifests.getManifest(target, reference, never), manifest)
    assert.deepEqual(await manifests.headManifest(target, reference, never), manifest)
    assert.equal(catalog.calls.length, 1)
    pass(1)
    assert.equal(await manifests.getManifest(target, reference, never), undefined)
    assert.equal(await manifests.headManifest(target, reference, never), undefined)
  }
})

test('a manifest that was put is known, byte for byte, and its tag is not', async () => {
  const { manifests, asked } = setUp()
  const put = parseManifest(Buffer.from(index('one')), ociIndexType)
  manifests.remember(target, put)
  const found = await manifests.getManifest(target, byDigest(put.digest), never)
  assert.equal(found?.bytes, put.bytes)
  assert.equal(found.mediaType, ociIndexType)
  assert.equal(found.sizeBytes, put.bytes.byteLength)
  assert.deepEqual(asked(), [])
  assert.equal(await manifests.headManifest(target, tag('v1'), never), undefined)
  assert.deepEqual(asked(), ['manifestHead'])
})

test('what is known of one repository says nothing of another', async () => {
  const { manifests } = setUp()
  const put = parseManifest(Buffer.from(index('one')), ociIndexType)
  manifests.remember(target, put)
  for (const other of otherTargets) {
    const reference = byDigest(put.digest)
    assert.equal(await manifests.getManifest(other, reference, never), undefined)
    assert.equal(await manifests.headManifest(other, reference, never), undefined)
  }
})

test('a manifest that is not there is not remembered as such', async () => {
  const { manifests, catalog } = setUp()
  const { manifest } = catalog.putManifest(index('one'))
  catalog.manifests.clear()
  const reference = byDigest(manifest.digest)
  assert.equal(await manifests.getManifest(target, reference, never), undefined)
  catalog.manifests.set(manifest.digest, manifest)
  assert.deepEqual(await manifests.getManifest(target, reference, never), manifest)
})

test('a thousand manifests are known at most, and 16 MiB', async () => {
  for (const [count, annotation] of [
    [1_001, ''],
    [5, 'x'.repeat(4 * 1024 * 1024 - 1024)],
  ] as const) {
    const { manifests, asked } = setUp()
    const digests = Array.from({ length: count }, (_, at) => {
      const manifest = parseManifest(Buffer.from(index(`${at}${annotation}`)), ociIndexType)
      manifests.remember(target, manifest)
      return manifest.digest
    })
    const known = await Promise.all(
      digests.map((digest) => manifests.headManifest(target, byDigest(digest), never)),
    )
    assert.equal(known[0], undefined)
    assert.equal(known.filter((head) => head !== undefined).length, count - 1)
    assert.deepEqual(asked(), ['manifestHead'])
  }
})

for (const failure of failures) {
  test(`a manifest of an upstream that is ${failure} is an error`, async () => {
    const { manifests } = setUp({
      before: () => {
        throw upstreamError(failure)
      },
    })
    const expected = codeIs(answers[failure])
    await assert.rejects(manifests.getManifest(target, tag('v1'), never), expected)
    const head = manifests.headManifest(target, tag('v1'), never)
    if (answers[failure] !== 'upstream_unavailable') return assert.rejects(head, expected)
    return assert.equal(await head, undefined, 'a push goes on, and its PUT waits')
  })
}

test('a client that left ends its question with its own reason', async () => {
  const { manifests } = setUp()
  const reason = new Error('client gone')
  const signal = AbortSignal.abort(reason)
  for (const asked of [
    manifests.getManifest(target, tag('v1'), signal),
    manifests.headManifest(target, tag('v1'), signal),
  ]) {
    await assert.rejects(asked, (error) => error === reason)
  }
})

test('what the upstream turned out to lack is asked for again', async () => {
  const { manifests, asked } = setUp()
  const manifest = parseManifest(Buffer.from(index('one')), undefined)
  manifests.remember(target, manifest)
  const reference = byDigest(manifest.digest)
  assert.ok(await manifests.headManifest(target, reference, never))
  manifests.forget(target, [manifest.digest])
  assert.equal(await manifests.headManifest(target, reference, never), undefined)
  assert.deepEqual(asked(), ['manifestHead'])
})

test('an upstream that is silent has nothing after five seconds, and no bytes after twenty', async (t) => {
  const clock = manualClock(t)
  const { manifests } = setUp({
    before: ({ call: { signal } }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  })
  const head = manifests.headManifest(target, tag('v1'), never)
  const bytes = assert.rejects(
    manifests.getManifest(target, tag('v1'), never),
    codeIs('upstream_unavailable'),
  )
  await nextTurn()
  clock.advance(4_999)
  const early = await Promise.race([head, nextTurn().then(() => 'waiting')])
  assert.equal(early, 'waiting')
  clock.advance(1)
  assert.equal(await head, undefined)
  clock.advance(15_000)
  await bytes
})
