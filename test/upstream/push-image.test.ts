import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import { createAwaited } from '../../src/publish/awaited.ts'
import { createForwardOrigins } from '../../src/publish/forward-origins.ts'
import { createForwarder } from '../../src/publish/forwarder.ts'
import { createManifestPuts } from '../../src/publish/manifests/put-manifest.ts'
import type { Upstream } from '../../src/publish/upstream.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { sleep } from '../../src/upstream/sleep.ts'
import { codeIs } from '../support/code-is.ts'
import { layerBytes } from '../support/layers.ts'
import { imageOf } from '../support/manifests.ts'
import { createMemoryFindings } from '../support/memory-findings.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { callWith, latest, repository, setUpWithRetry } from './setup.ts'

const { signal, ...target } = callWith()
const published = { state: 'published' }

/** Everything that carries images to AWS, at work against a sandbox. */
async function setUpPushes(t: TestContext) {
  const one = await setUpWithRetry(t)
  const { spool, admit, sandbox } = one
  const beforePut: (() => void)[] = []
  const upstream: Upstream = {
    ...one.upstream,
    putManifest(call, manifest, tag) {
      beforePut.shift()?.()
      return one.upstream.putManifest(call, manifest, tag)
    },
  }
  const journal = createMemoryJournal()
  const gate = createGate(spool)
  const forgotten: Digest[] = []
  const observer = { observe: () => undefined }
  const awaited = createAwaited()
  const origins = createForwardOrigins()
  const forwarder = createForwarder(
    {
      journal,
      upstream,
      observer,
      awaited,
      origins,
      createRepository: () => assert.fail('no repository is created'),
      restore: gate.restore,
      recheck: gate.recheck,
      destinationOf: () => target.destination,
      sleep,
      now: () => new Date(),
      onJournalError: (error) => assert.fail(String(error)),
    },
    { flights: 2, postponeMs: 1, parkMs: 600_000, journalRestMs: 1, forwardTtlMs: 86_400_000 },
  )
  const puts = createManifestPuts(
    {
      journal,
      upstream,
      spool,
      awaited,
      origins,
      observer,
      tagDigest: () => assert.fail('the retry of the call has read it'),
      manifestOf: () => assert.fail('no tag is write-once'),
      forget: (_target, digests) => forgotten.push(...digests),
      redeem: () => undefined,
      findings: createMemoryFindings(),
      now: () => new Date(),
      sleep: () => Promise.resolve(),
    },
    { inspect: 'enforce', manifestWaitMs: 60_000, pauseMs: 5_000, graceMs: 10_000 },
  )
  forwarder.start()
  t.after(() => Promise.all([puts.stop(), forwarder.stop()]))
  return {
    ...one,
    beforePut,
    forgotten,
    async push(sizeBytes: number) {
      const layer = await admit(layerBytes(sizeBytes))
      await journal.record(
        { registry: 'default', repository, digest: layer.digest },
        'ci',
        sizeBytes,
      )
      return layer
    },
    put(manifest: ReturnType<typeof imageOf>) {
      const put = { target, manifest, tags: [latest], requestId: 'request-1', canPull: () => false }
      return puts.put(put, 60_000, signal)
    },
    tags: () => sandbox.state().repositories[0]?.tags,
  }
}

test('an image arrives with its tag, whatever answers are lost on the way', async (t) => {
  const { push, put, sandbox, tags, forgotten } = await setUpPushes(t)
  const lost = { kind: 'reset-after-storing' } as const
  for (const operation of ['CompleteLayerUpload', 'PutImage', 'BatchCheckLayerAvailability']) {
    sandbox.addFault({ operation, call: 1, fault: lost })
  }
  const image = imageOf(await push(5), await push(25), await push(35))
  assert.deepEqual(await put(image), published)
  assert.deepEqual(tags(), { latest: image.digest })
  assert.deepEqual(forgotten, [])
})

test('layers that AWS drops in the last moment are sent again, and the image arrives', async (t) => {
  const { push, put, beforePut, sandbox, tags, outcomes } = await setUpPushes(t)
  const image = imageOf(await push(5), await push(6))
  beforePut.push(() => sandbox.dropUnreferencedLayers())
  assert.deepEqual(await put(image), published)
  assert.deepEqual(tags(), { latest: image.digest })
  assert.deepEqual(
    outcomes().filter((outcome) => /^(PutImage|CompleteLayerUpload)/.test(outcome)),
    [
      ...Array(2).fill('CompleteLayerUpload success'),
      'PutImage LayersNotFoundException',
      ...Array(2).fill('CompleteLayerUpload success'),
      'PutImage success',
    ],
  )
})

test('an image of which a layer is nowhere is refused, and no tag is moved', async (t) => {
  const { push, put, admit, tags, forgotten } = await setUpPushes(t)
  const [known, unknown] = [await push(5), await admit(layerBytes(6))]
  await assert.rejects(put(imageOf(known, unknown)), codeIs('manifest_blob_unknown'))
  assert.deepEqual(tags(), {})
  assert.deepEqual(forgotten, [unknown.digest])
})
