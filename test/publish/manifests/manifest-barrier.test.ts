import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forwardKey } from '../../../src/publish/acceptance.ts'
import { crossBarrier } from '../../../src/publish/manifests/manifest-barrier.ts'
import { LayergateError } from '../../../src/registry/errors.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { codeIs } from '../../support/code-is.ts'
import { condemnLayer } from '../../support/layers.ts'
import { imageOf, indexOf } from '../../support/manifests.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { never } from '../setup.ts'
import { setUpManifests, target, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const other = { ...target, repository: parseRepositoryName('team/other') }
const elsewhere = { ...target, destination: { name: 'elsewhere', registry: 'elsewhere' } }

test('a manifest whose layers are upstream is put at once', async (t) => {
  const { put, store, upstream, tag, puttings } = setUpManifests(t)
  const image = imageOf(await store(), await store())
  assert.deepEqual(await put(image), published)
  assert.equal(tag(), image.digest)
  assert.equal(upstream.manifests.get(image.digest), image)
  assert.deepEqual(puttings(), ['put latest'])
})

test('a manifest waits until each layer that is owed is upstream', async (t) => {
  const { put, push, forward, tag, puttings } = setUpManifests(t)
  const layers = [await push(), await push()]
  const [config, layer] = layers
  assert.ok(config && layer)
  const image = imageOf(config, layer)
  const end = watch(put(image))
  await nextTurn()
  await forward(layer)
  assert.deepEqual([end.now(), puttings()], ['waiting', []])
  await forward(config)
  assert.deepEqual(end.now(), published)
  assert.equal(tag(), image.digest)
})

test('what is owed is hurried, and the upstream is not asked for it', async (t) => {
  const { put, push, store, forward, upstream, hurried } = setUpManifests(t)
  const [layer, config] = [await push(), await store()]
  const answer = put(imageOf(config, layer))
  await nextTurn()
  assert.deepEqual(hurried, [layer.digest])
  assert.deepEqual(upstream.calls, ['absent'])
  await forward(layer)
  assert.deepEqual(await answer, published)
})

test('the upstream is asked for a hundred layers at a time', async (t) => {
  const asked: number[] = []
  const { put, store } = setUpManifests(t, {
    wrapUpstream: (upstream) => ({
      ...upstream,
      absent(call, digests) {
        asked.push(digests.length)
        return upstream.absent(call, digests)
      },
    }),
  })
  const layers = await Promise.all(Array.from({ length: 250 }, store))
  const [config, ...rest] = layers
  assert.ok(config)
  assert.deepEqual(await put(imageOf(config, ...rest)), published)
  assert.deepEqual(asked, [100, 100, 50])
})

test('a layer that was forwarded once and is not there any more is sent again', async (t) => {
  const { put, push, forward, upstream, stateOf } = setUpManifests(t)
  const layer = await push()
  await forward(layer)
  upstream.layers.clear()
  const answer = put(imageOf(layer))
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
  await forward(layer)
  assert.deepEqual(await answer, published)
})

test('a layer from a repository that the agent may pull stands in for a missing one', async (t) => {
  const { put, push, forward, stateOf, hurried } = setUpManifests(t)
  const layer = await push(other)
  const answer = put(imageOf(layer), { canPull: (repository) => repository === other.repository })
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
  assert.deepEqual(hurried, [layer.digest])
  await forward(layer)
  await forward(layer)
  assert.deepEqual(await answer, published)
})

test('a layer that is about to be evicted stays here when a manifest needs it', async (t) => {
  const { put, push, forward, stateOf, beforeRecord, spool, upstream } = setUpManifests(t)
  const layer = await push()
  await forward(layer)
  upstream.layers.clear()
  // Asked whether the layer may go before the manifest came, and answered after that.
  const { promise: mayGo, resolve: letGo } = Promise.withResolvers<boolean>()
  const eviction = spool.evict(Infinity, () => mayGo)
  beforeRecord.push(async () => {
    letGo(true)
    assert.equal(await eviction, 0)
  })
  const end = watch(put(imageOf(layer)))
  await nextTurn()
  assert.deepEqual([await stateOf(layer), beforeRecord.length], ['owed', 0])
  assert.ok(await spool.find(layer.digest))
  await forward(layer)
  assert.deepEqual(end.now(), published)
  assert.ok((await spool.evict(Infinity, async () => true)) > 0, 'it may go again')
})

test('a layer that was evicted in the last moment is missing', async (t) => {
  const { put, push, forward, upstream, spool, stateOf } = setUpManifests(t)
  const layer = await push()
  await forward(layer)
  upstream.layers.clear()
  await spool.evict(Infinity, async () => true)
  await assert.rejects(put(imageOf(layer)), codeIs('manifest_blob_unknown'))
  assert.equal(await stateOf(layer), 'forwarded')
})

for (const [what, where, canPull] of [
  ['a repository that the agent may not pull', other, false],
  ['another registry', elsewhere, true],
] as const) {
  test(`a layer that is known from ${what} does not exist for it`, async (t) => {
    const { put, push, stateOf, puttings } = setUpManifests(t)
    const layer = await push(where)
    await assert.rejects(
      put(imageOf(layer), { canPull: () => canPull }),
      codeIs('manifest_blob_unknown'),
    )
    assert.equal(await stateOf(layer), undefined)
    assert.deepEqual(puttings(), [])
  })
}

test('a layer in the spool that nobody recorded does not exist', async (t) => {
  const { put, admit } = setUpManifests(t)
  await assert.rejects(
    put(imageOf(await admit()), { canPull: () => true }),
    codeIs('manifest_blob_unknown'),
  )
})

test('the missing layers are named and forgotten, and nothing is started', async (t) => {
  const { put, push, admit, spool, forgotten, stateOf, ends, puttings } = setUpManifests(t)
  const [lost, unknown, known] = [await push(), await admit(), await push(other)]
  await condemnLayer(spool, lost.digest)
  const image = imageOf(unknown, known)
  await assert.rejects(
    put(image, { canPull: () => true }),
    (error) =>
      codeIs('manifest_blob_unknown')(error) &&
      String(error).includes(unknown.digest) &&
      !String(error).includes(known.digest),
  )
  assert.deepEqual(forgotten, [[unknown.digest]])
  assert.equal(await stateOf(known), undefined)
  assert.deepEqual([ends(), puttings()], [['refused'], []])
})

test('an index has no layers to wait for', async (t) => {
  const { put, store, upstream, puttings } = setUpManifests(t)
  const image = imageOf(await store())
  await put(image, { tags: [] })
  upstream.layers.clear()
  assert.deepEqual(await put(indexOf(image)), published)
  assert.deepEqual(puttings(), ['put by digest', 'put latest'])
})

test('a layer that is parked gets one more chance', async (t) => {
  const { put, push, park, forward, stateOf } = setUpManifests(t)
  const layer = await push()
  await park(layer, { code: 'upstream_credentials', detail: 'Denied.' })
  const end = watch(put(imageOf(layer)))
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
  await forward(layer)
  assert.deepEqual(end.now(), published)
})

test('what is on its way already is left as it is', async (t) => {
  const { put, push, stateOf, journal, clock } = setUpManifests(t)
  const layers = [await push(), await push()]
  const [inFlight, owed] = layers
  assert.ok(inFlight && owed)
  await journal.hurry([forwardKey(target, inFlight.digest)])
  const claim = await journal.claim(never)
  assert.equal(claim.forward.key.digest, inFlight.digest)
  clock.advance(1_000)
  watch(put(imageOf(inFlight, owed), { target: { ...target, agent: 'cd' } }))
  await nextTurn()
  const [forward] = await journal.ofLayer(owed.digest)
  assert.deepEqual(
    [forward?.agent, forward?.recordedAt.getTime()],
    ['ci', clock.now().getTime() - 1_000],
  )
  // Recorded again, it would be owed anew.
  await claim.park({ code: 'upstream_quota', detail: 'Too many.' }, 1, clock.now())
  assert.equal(await stateOf(inFlight), 'parked')
})

for (const chances of [1, 2]) {
  test(`a layer that is parked ${chances === 1 ? 'during the wait' : 'again'} ends it with its error`, async (t) => {
    const { put, push, park, stateOf, ends, puttings, forgotten } = setUpManifests(t)
    const layer = await push()
    if (chances === 2) await park(layer, { code: 'upstream_credentials', detail: 'Denied.' })
    const end = watch(put(imageOf(layer)))
    await nextTurn()
    await park(layer, { code: 'upstream_quota', detail: 'Too many.' })
    const error = end.now()
    assert.ok(error instanceof LayergateError)
    assert.deepEqual([error.code, error.message], ['upstream_quota', `${layer.digest}: Too many.`])
    assert.equal(await stateOf(layer), 'parked')
    assert.deepEqual([ends(), puttings(), forgotten], [['refused'], [], []])
  })
}

test('a layer whose bytes are damaged surfaces as that', async (t) => {
  const { put, push, park, ends } = setUpManifests(t)
  const layer = await push()
  const end = watch(put(imageOf(layer)))
  await nextTurn()
  await park(layer, { code: 'spool_damaged', detail: 'The bytes changed.' })
  assert.ok(codeIs('spool_damaged')(end.now()))
  assert.deepEqual(ends(), ['failed'])
})

test('when one layer is parked nobody waits for the others any more', async (t) => {
  const { push, park, forward, waits, puts: _, ...rest } = setUpManifests(t)
  const [first, second] = [await push(), await push()]
  const ports = { ...rest, spool: { open: () => assert.fail('nothing is sent') } }
  const blobs = [first.digest, second.digest]
  const end = watch(
    crossBarrier(
      ports,
      { target, blobs, canPull: () => false, judge: async () => new Set() },
      never,
    ),
  )
  await nextTurn()
  await park(first, { code: 'upstream_quota', detail: 'Too many.' })
  assert.ok(codeIs('upstream_quota')(end.now()))
  assert.deepEqual(
    waits.map(({ aborted }) => aborted),
    [true, true],
  )
  await forward(second)
  assert.equal(await rest.stateOf(second), 'forwarded')
})

test('what a manifest waits for is awaited until it is upstream', async (t) => {
  const { put, push, forward, awaited } = setUpManifests(t)
  const layer = await push()
  const key = forwardKey(target, layer.digest)
  assert.equal(awaited.has(key), false)
  const end = watch(put(imageOf(layer)))
  await nextTurn()
  assert.equal(awaited.has(key), true)
  await forward(layer)
  assert.deepEqual([end.now(), awaited.has(key)], [published, false])
})

test('a layer of another repository that is sent for a manifest is awaited as well', async (t) => {
  const { put, push, awaited } = setUpManifests(t)
  const layer = await push(other)
  const end = watch(put(imageOf(layer), { canPull: () => true }))
  await nextTurn()
  assert.deepEqual([end.now(), awaited.has(forwardKey(target, layer.digest))], ['waiting', true])
})

test('a layer that was parked for good is sent again when it still lies here', async (t) => {
  const { put, push, giveUp, forward, stateOf } = setUpManifests(t)
  const layer = await push()
  await giveUp(layer)
  const end = watch(put(imageOf(layer)))
  await nextTurn()
  assert.deepEqual([end.now(), await stateOf(layer)], ['waiting', 'owed'])
  await forward(layer)
  assert.deepEqual(end.now(), published)
})

test('a layer that was parked for good and is gone from the spool is missing', async (t) => {
  const { put, push, giveUp, spool, stateOf, puttings } = setUpManifests(t)
  const layer = await push()
  await giveUp(layer)
  await condemnLayer(spool, layer.digest)
  await assert.rejects(put(imageOf(layer)), codeIs('manifest_blob_unknown'))
  assert.deepEqual([await stateOf(layer), puttings()], ['parked_for_good', []])
})

test('what a published manifest names need not be kept for it, and what a refused one names stays', async (t) => {
  const { put, store, admit, redeemed } = setUpManifests(t)
  const [layer, config] = [await store(), await store()]
  await assert.rejects(put(imageOf(layer, await admit())), codeIs('manifest_blob_unknown'))
  assert.deepEqual(redeemed, [])
  await put(imageOf(layer, config))
  assert.deepEqual(new Set(redeemed), new Set([layer.digest, config.digest]))
})
