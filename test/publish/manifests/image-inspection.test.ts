import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { LayergateError } from '../../../src/registry/errors.ts'
import type { Findings, InspectMode } from '../../../src/registry/findings.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import { codeIs } from '../../support/code-is.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { configWith, helmConfigType, manifestWith } from './image-of.ts'
import { latest, setUpManifests, target, watch } from './setup-manifests.ts'

const published = { state: 'published' }
const diffId = digestOf(layerBytes(60))
const good: Findings = { compression: 'gzip', contents: 'tar', inflatedBytes: 60, diffId }
const flaw = {
  cause: 'malformed_gzip',
  detail: 'It ends within member 1.',
  evidence: { problem: 'ends_early', offset: 80 },
} as const
const hold = { code: flaw.cause, detail: flaw.detail }

/** A config that is owed, a flawed layer that is held, and an image of the two. */
async function setUp(t: TestContext, inspect: InspectMode) {
  const manifests = setUpManifests(t, { inspect })
  const { pushBytes, findings } = manifests
  const layer = await pushBytes(layerBytes(80, 5), { hold })
  const config = await pushBytes(configWith([diffId]))
  await findings.keep(layer.digest, { ...good, flaw })
  return { ...manifests, layer, config, image: manifestWith(config, layer) }
}

function refusalOf(error: unknown): LayergateError {
  assert.ok(error instanceof LayergateError)
  assert.equal(error.code, 'manifest_invalid')
  return error
}

test('an image with a broken layer is refused, and nothing of it is sent or asked', async (t) => {
  const { put, layer, config, image, stateOf, ...seen } = await setUp(t, 'enforce')
  const end = watch(put(image))
  await nextTurn()
  const error = refusalOf(end.now())
  assert.equal(error.message, `Its layers[0], ${layer.digest}: It ends within member 1.`)
  assert.deepEqual(error.facts, { diagnosis: diagnosis(flaw.cause, flaw.evidence) })
  assert.deepEqual([await stateOf(layer), await stateOf(config)], ['held', 'owed'])
  assert.deepEqual([seen.upstream.calls, seen.hurried, seen.waits], [[], [], []])
  assert.deepEqual([seen.redeemed, seen.forgotten, seen.tag()], [[], [], undefined])
  assert.deepEqual(seen.ends(), ['refused'])
})

test('the fault is told as refused, with all that is known of it', async (t) => {
  const { put, layer, image, observer, clock } = await setUp(t, 'enforce')
  await assert.rejects(put(image, { requestId: 'request-7' }))
  assert.deepEqual(observer.of('layer_invalid'), [
    {
      type: 'layer_invalid',
      stage: 'refused',
      place: 'manifest',
      repository: target.repository,
      agent: 'ci',
      requestId: 'request-7',
      code: 'manifest_invalid',
      detail: `Its layers[0], ${layer.digest}: It ends within member 1.`,
      actual: { digest: layer.digest, sizeBytes: 80 },
      diagnosis: diagnosis(flaw.cause, flaw.evidence),
      refusedAt: clock.now(),
    },
  ])
})

test('a wrong size is told with the size that the manifest names', async (t) => {
  const { put, findings, pushBytes, config, observer } = await setUp(t, 'enforce')
  const layer = await pushBytes(layerBytes(90, 6))
  await findings.keep(layer.digest, good)
  const named = { digest: layer.digest, sizeBytes: 91 }
  await assert.rejects(put(manifestWith(config, named)))
  const [event] = observer.of('layer_invalid')
  assert.deepEqual(event?.expected, named)
  assert.deepEqual(event?.actual, { digest: layer.digest, sizeBytes: 90 })
})

for (const [count, words] of [
  [1, ' 1 more of its blobs is faulty.'],
  [2, ' 2 more of its blobs are faulty.'],
] as const) {
  test(`of ${count + 1} faulty blobs each is told, and the answer is about the first`, async (t) => {
    const { put, pushBytes, findings, layer, observer } = await setUp(t, 'enforce')
    const broken = [layer]
    for (let seed = 6; broken.length < count; seed += 1) {
      const more = await pushBytes(layerBytes(80, seed), { hold })
      await findings.keep(more.digest, { ...good, flaw })
      broken.push(more)
    }
    const config = await pushBytes(configWith(['sha256:a', 'sha256:b', 'sha256:c', 'sha256:d']))
    const end = watch(put(manifestWith(config, ...broken)))
    await nextTurn()
    const detail = `Its layers[0], ${layer.digest}: It ends within member 1.`
    assert.equal(refusalOf(end.now()).message, `${detail}${words}`)
    const told = observer.of('layer_invalid')
    assert.deepEqual(
      told.map(({ actual }) => actual?.digest),
      [...broken, config].map(({ digest }) => digest),
    )
    assert.equal(told[0]?.detail, detail)
    assert.match(
      told.at(-1)?.detail ?? '',
      new RegExp(`^Its config, ${config.digest}: It has diff_ids`),
    )
  })
}

test('a put that many join is checked and told once, and all are refused', async (t) => {
  const { put, image, observer, ends } = await setUp(t, 'enforce')
  const waiters = [
    watch(put(image)),
    watch(put(image, { requestId: 'request-2', target: { ...target, agent: 'cd' } })),
    watch(put(image, { requestId: 'request-3' })),
  ]
  await nextTurn()
  const errors = waiters.map(({ now }) => refusalOf(now()))
  assert.equal(new Set(errors).size, 1)
  assert.deepEqual([observer.of('layer_invalid').length, ends()], [1, ['refused']])
})

test('a put that comes again is checked again', async (t) => {
  const { put, image, observer } = await setUp(t, 'enforce')
  await assert.rejects(put(image))
  await assert.rejects(put(image))
  assert.equal(observer.of('layer_invalid').length, 2)
})

test('where faults are only to be reported they are, and the image goes its way', async (t) => {
  const { put, image, layer, config, forward, stateOf, observer, tag } = await setUp(t, 'report')
  const end = watch(put(image))
  await nextTurn()
  assert.deepEqual([await stateOf(layer), await stateOf(config)], ['owed', 'owed'])
  const [event, ...others] = observer.of('layer_invalid')
  assert.deepEqual(
    [event?.stage, event?.code, event?.diagnosis.cause, others],
    ['reported', 'manifest_invalid', flaw.cause, []],
  )
  await forward(layer)
  await forward(config)
  assert.deepEqual([end.now(), tag()], [published, image.digest])
})

test('where nothing is to be inspected nothing is looked up', async (t) => {
  const { put, image, layer, config, findings, forward, observer } = await setUp(t, 'off')
  t.mock.method(findings, 'of', () => assert.fail('nobody asks'))
  const end = watch(put(image))
  await nextTurn()
  await forward(layer)
  await forward(config)
  assert.deepEqual([end.now(), observer.of('layer_invalid')], [published, []])
})

test('an artifact may carry what is no layer: it is released', async (t) => {
  const { put, layer, forward, pushBytes, observer, stateOf } = await setUp(t, 'enforce')
  const config = await pushBytes(Buffer.from('{"name":"chart"}'))
  const { digest, sizeBytes } = config
  const artifact = manifestWith({ digest, sizeBytes, mediaType: helmConfigType }, layer)
  const end = watch(put(artifact))
  await nextTurn()
  assert.equal(await stateOf(layer), 'owed')
  await forward(layer)
  await forward(config)
  assert.deepEqual([end.now(), observer.of('layer_invalid')], [published, []])
})

test('what an artifact had sent is refused as the layer of an image all the same', async (t) => {
  const { put, image, layer, config, forward, push: _, ...seen } = await setUp(t, 'enforce')
  const artifact = manifestWith(
    { digest: config.digest, sizeBytes: config.sizeBytes, mediaType: helmConfigType },
    layer,
  )
  const end = watch(put(artifact, { tags: [] }))
  await nextTurn()
  await forward(layer)
  await forward(config)
  assert.deepEqual(end.now(), published)
  await assert.rejects(put(image, { tags: [latest] }), codeIs('manifest_invalid'))
  assert.deepEqual([seen.puttings(), seen.tag()], [['put by digest'], undefined])
})

test('a good image goes its way, and nothing is told', async (t) => {
  const { put, findings, pushBytes, config, forward, observer, tag } = await setUp(t, 'enforce')
  const layer = await pushBytes(layerBytes(70, 9))
  await findings.keep(layer.digest, good)
  const image = manifestWith(config, layer)
  const end = watch(put(image))
  await nextTurn()
  await forward(layer)
  await forward(config)
  assert.deepEqual([end.now(), tag(), observer.of('layer_invalid')], [published, image.digest, []])
})

test('findings that cannot be looked up end the put, and nothing was started', async (t) => {
  const { put, image, layer, findings, stateOf, upstream, ends } = await setUp(t, 'enforce')
  const broken = new Error('the journal is broken')
  t.mock.method(findings, 'of', () => Promise.reject(broken))
  await assert.rejects(
    put(image),
    (error) => error instanceof LayergateError && error.code === 'internal',
  )
  assert.deepEqual([await stateOf(layer), upstream.calls, ends()], ['held', [], ['failed']])
})

/** An image whose broken layer comes in while the upstream is asked for it, after the image was checked. */
async function brokenMeanwhile(t: TestContext, inspect: InspectMode, where = target) {
  const bytes = layerBytes(80, 5)
  const layer = { digest: digestOf(bytes), sizeBytes: bytes.length }
  const manifests = setUpManifests(t, {
    inspect,
    wrapUpstream: (upstream) => ({
      ...upstream,
      async absent(call, digests) {
        await findings.keep(layer.digest, { ...good, flaw })
        await pushBytes(bytes, { hold, where })
        return upstream.absent(call, digests)
      },
    }),
  })
  const { findings, pushBytes } = manifests
  const config = await pushBytes(configWith([diffId]))
  return { ...manifests, layer, image: manifestWith(config, layer) }
}

test('a layer that comes to be held after the image was checked is not sent either', async (t) => {
  const { put, image, layer, journal, observer } = await brokenMeanwhile(t, 'enforce')
  const end = watch(put(image))
  await nextTurn()
  assert.equal(
    refusalOf(end.now()).message,
    `Its layers[0], ${layer.digest}: It ends within member 1.`,
  )
  assert.deepEqual(
    (await journal.ofLayer(layer.digest)).map(({ state }) => state),
    ['held'],
  )
  assert.equal(observer.of('layer_invalid').length, 1)
})

test('a broken layer of another repository is missing rather than sent, or told to all who wait', async (t) => {
  const elsewhere = { ...target, repository: parseRepositoryName('team/other') }
  const { put, image, layer, journal } = await brokenMeanwhile(t, 'enforce', elsewhere)
  const end = watch(put(image, { canPull: () => true }))
  await nextTurn()
  assert.ok(codeIs('manifest_blob_unknown')(end.now()))
  assert.deepEqual(
    (await journal.ofLayer(layer.digest)).map(({ key, state }) => [key.repository, state]),
    [[elsewhere.repository, 'held']],
  )
})

test('where faults are only to be reported what comes to be held meanwhile is sent', async (t) => {
  const { put, image, layer, journal } = await brokenMeanwhile(t, 'report')
  watch(put(image))
  await nextTurn()
  assert.deepEqual(
    (await journal.ofLayer(layer.digest)).map(({ state }) => state),
    ['owed'],
  )
})
