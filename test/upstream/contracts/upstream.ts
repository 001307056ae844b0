import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { VerifiedLayer } from '../../../src/layers/verified-layer.ts'
import type { Upstream, UpstreamUpload } from '../../../src/publish/upstream.ts'
import { UpstreamError } from '../../../src/publish/upstream-error.ts'
import type { Digest } from '../../../src/registry/digest.ts'
import { imageOf } from '../../support/manifests.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { callWith, latest, partBytes, upstreamError } from '../setup.ts'

/** An upstream with one repository that has nothing, which takes parts of `partBytes`. */
export interface OpenedUpstream {
  readonly upstream: Upstream
  readonly admit: (bytes: Uint8Array) => Promise<VerifiedLayer>
  /** The bytes of a layer that it has. */
  readonly stored: (digest: Digest) => Promise<Uint8Array | undefined>
}

export type OpenUpstream = (t: TestContext) => Promise<OpenedUpstream>

const call = callWith()
const bytes = layerBytes(25)
const first = { firstByte: 0, lastByte: 9 }
const second = { firstByte: 10, lastByte: 19 }
const last = { firstByte: 20, lastByte: 24 }
const unknown: UpstreamUpload = {
  id: '00000000-0000-4000-8000-000000000000',
  partSizeBytes: partBytes,
}

/** What the real registry and the one of the tests have in common, as those who forward see them. */
export function upstreamContract(engine: string, open: OpenUpstream): void {
  async function opened(t: TestContext) {
    const { upstream, admit, stored } = await open(t)
    const layer = await admit(bytes)

    async function started(...parts: readonly (typeof first)[]): Promise<UpstreamUpload> {
      const upload = await upstream.start(call, layer)
      for (const part of parts) await upstream.sendPart(call, upload, layer, part)
      return upload
    }

    const isAbsent = async () => (await upstream.absent(call, [layer.digest])).has(layer.digest)
    return { upstream, admit, stored, layer, started, isAbsent }
  }

  describe(`Upstream: ${engine}`, () => {
    test('a layer that was sent in parts is there when it is completed, and not before', async (t) => {
      const { upstream, layer, started, stored, isAbsent } = await opened(t)
      const upload = await started(first, second, last)
      assert.equal(upload.partSizeBytes, partBytes)
      assert.equal(await isAbsent(), true)
      await upstream.complete(call, upload, layer)

      assert.equal(await isAbsent(), false)
      assert.deepEqual(Buffer.from((await stored(layer.digest)) ?? []), bytes)
    })

    test('of several layers those that are not there are absent', async (t) => {
      const { upstream, layer, started } = await opened(t)
      await upstream.complete(call, await started(first, second, last), layer)
      const others = [digestOf(layerBytes(5)), digestOf(layerBytes(6))]

      const absent = await upstream.absent(call, [layer.digest, ...others])
      assert.deepEqual(absent, new Set(others))
    })

    for (const [what, part] of [
      ['leaves bytes out', last],
      ['was stored before', first],
    ] as const) {
      test(`a part that ${what} is out of order, and the upload goes on behind the last byte`, async (t) => {
        const { upstream, layer, started, isAbsent } = await opened(t)
        const upload = await started(first)
        await assert.rejects(
          upstream.sendPart(call, upload, layer, part),
          (error) =>
            error instanceof UpstreamError &&
            error.failure === 'part_out_of_order' &&
            error.facts.lastValidByte === 9,
        )

        await upstream.sendPart(call, upload, layer, second)
        await upstream.sendPart(call, upload, layer, last)
        await upstream.complete(call, upload, layer)
        assert.equal(await isAbsent(), false)
      })
    }

    test('a first part that leaves bytes out names no last byte', async (t) => {
      const { upstream, layer, started } = await opened(t)
      const upload = await started()
      await assert.rejects(
        upstream.sendPart(call, upload, layer, second),
        (error) =>
          error instanceof UpstreamError &&
          error.failure === 'part_out_of_order' &&
          error.facts.lastValidByte === undefined,
      )
    })

    test('two uploads of one layer do not know of each other, and both are completed', async (t) => {
      const { upstream, layer, started, stored } = await opened(t)
      const [one, other] = [await started(first), await started(first)]
      assert.notEqual(one.id, other.id)
      for (const upload of [one, other]) {
        await upstream.sendPart(call, upload, layer, second)
        await upstream.sendPart(call, upload, layer, last)
        await upstream.complete(call, upload, layer)
      }

      assert.deepEqual(Buffer.from((await stored(layer.digest)) ?? []), bytes)
    })

    test('other bytes than those of the digest are an invalid layer, which is not kept', async (t) => {
      const { upstream, admit, layer, stored, isAbsent } = await opened(t)
      const other = await admit(layerBytes(10, 2))
      const upload = await upstream.start(call, layer)
      await upstream.sendPart(call, upload, other, first)

      await assert.rejects(upstream.complete(call, upload, layer), upstreamError('invalid_layer'))
      assert.equal(await isAbsent(), true)
      assert.equal(await stored(other.digest), undefined)
    })

    test('a layer of which parts are missing is invalid', async (t) => {
      const { upstream, layer, started, isAbsent } = await opened(t)
      const upload = await started(first, second)
      await assert.rejects(upstream.complete(call, upload, layer), upstreamError('invalid_layer'))
      assert.equal(await isAbsent(), true)
    })

    test('an upload that was never started takes no part, and is not completed', async (t) => {
      const { upstream, layer, isAbsent } = await opened(t)
      const isUnknown = upstreamError('upload_unknown')
      await assert.rejects(upstream.sendPart(call, unknown, layer, first), isUnknown)
      await assert.rejects(upstream.complete(call, unknown, layer), isUnknown)
      assert.equal(await isAbsent(), true)
    })

    test('a manifest is refused as long as a layer of it is absent', async (t) => {
      const { upstream, layer, started } = await opened(t)
      const manifest = imageOf(layer)
      await assert.rejects(
        upstream.putManifest(call, manifest, latest),
        upstreamError('references_unknown'),
      )
      await upstream.complete(call, await started(first, second, last), layer)

      await upstream.putManifest(call, manifest, latest)
      await upstream.putManifest(call, manifest, latest)
    })

    test('a call that is given up before it is made changes nothing', async (t) => {
      const { upstream, layer, started, isAbsent } = await opened(t)
      const upload = await started(first, second, last)
      const reason = new Error('given up')
      const givenUp = callWith(AbortSignal.abort(reason))

      await assert.rejects(upstream.complete(givenUp, upload, layer), reason)
      assert.equal(await isAbsent(), true)
    })
  })
}
