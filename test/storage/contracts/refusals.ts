import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Refusals } from '../../../src/layers/refusals.ts'
import { diagnosis, refusalCauses } from '../../../src/registry/diagnosis.ts'
import type { RefusalPlace } from '../../../src/registry/refusal.ts'
import { clock } from '../support/clock.ts'
import { layerOf, someBytes } from '../support/layers.ts'
import { elsewhere, recordAll, repository, someRefusal } from '../support/refusals.ts'

export type OpenRefusals = (t: TestContext) => Promise<Refusals>

const isShown = () => true

/** What every engine of the `Refusals` port does. */
export function refusalsContract(engine: string, open: OpenRefusals): void {
  describe(`Refusals: ${engine}`, () => {
    test('there are none at first', async (t) => {
      const refusals = await open(t)
      const { now } = clock()

      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), [])
      assert.equal(
        await refusals.hasRefused(repository, layerOf(someBytes(8)).digest, now()),
        false,
      )
      assert.equal(await refusals.prune(now(), 10), 0)
    })

    test('what is recorded is found with all that it says', async (t) => {
      const refusals = await open(t)
      const refusal = someRefusal(clock().now())
      await refusals.record(refusal)

      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), [refusal])
    })

    test('what a refusal does not say is absent from it', async (t) => {
      const refusals = await open(t)
      const { requestId: _r, expected: _e, actual: _a, ...bare } = someRefusal(clock().now())
      const bySize = { ...bare, expected: { sizeBytes: 0 }, actual: { sizeBytes: 12 } }
      await recordAll(refusals, [bare, bySize])

      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), [bySize, bare])
    })

    test('whatever a request says is kept as it says it', async (t) => {
      const refusals = await open(t)
      const sizes = [-1, 1.5, 2 ** 53, 2 ** 63, 1e300]
      const digests = ['', 'sha256:\0', "'; DROP TABLE refusals; --", '{"digest":1}', '\u{1F433}']
      const all = sizes.map((sizeBytes, index) => {
        const said = { digest: digests[index] ?? '', sizeBytes }
        return someRefusal(clock().now(), { expected: said, actual: said, agent: said.digest })
      })
      await recordAll(refusals, all)

      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), all.toReversed())
    })

    test('every cause and every place is recorded', async (t) => {
      const refusals = await open(t)
      const { now } = clock()
      const places: RefusalPlace[] = ['raw', 'multipart', 'oci', 'manifest', 'unclaimed']
      const all = [
        ...refusalCauses.map((cause) => someRefusal(now(), { diagnosis: diagnosis(cause, {}) })),
        ...places.map((place) => someRefusal(now(), { place })),
      ]
      await recordAll(refusals, all)

      assert.deepEqual(await refusals.latest({ limit: 100, isShown }), all.toReversed())
    })

    for (const side of ['expected', 'actual'] as const) {
      test(`a layer whose ${side} digest was refused is known, in its repository and since that time alone`, async (t) => {
        const refusals = await open(t)
        const time = clock()
        const { digest } = layerOf(someBytes(8))
        await refusals.record(someRefusal(time.now(), { [side]: { digest, sizeBytes: 8 } }))
        await refusals.record(someRefusal(time.in(1)))

        assert.equal(await refusals.hasRefused(repository, digest, time.now()), true)
        assert.equal(await refusals.hasRefused(repository, digest, time.in(-1)), true)
        assert.equal(await refusals.hasRefused(repository, digest, time.in(1)), false)
        assert.equal(await refusals.hasRefused(elsewhere, digest, time.now()), false)
        assert.equal(
          await refusals.hasRefused(repository, layerOf(someBytes(8)).digest, time.in(-1)),
          false,
        )
      })
    }

    test('those of before a time are forgotten, and no others', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const [old, edge, later] = [-1, 0, 1].map((ms) => someRefusal(time.in(ms)))
      assert(old?.actual?.digest && edge && later)
      const { digest } = layerOf(someBytes(8))
      await recordAll(refusals, [later, { ...old, actual: { digest } }, edge])

      assert.equal(await refusals.prune(time.now(), 10), 1)
      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), [later, edge])
      assert.equal(await refusals.hasRefused(repository, digest, new Date(0)), false)
      assert.equal(await refusals.prune(time.now(), 10), 0)
    })

    test('no more than the newest are kept', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const [oldest, older, newer, newest] = [1, 2, 2, 3].map((ms) => someRefusal(time.in(ms)))
      assert(oldest && older && newer && newest)
      await recordAll(refusals, [newest, older, oldest, newer])

      assert.equal(await refusals.prune(new Date(0), 4), 0)
      assert.equal(await refusals.prune(new Date(0), 2), 2)
      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), [newest, newer])
      assert.equal(await refusals.prune(new Date(0), 0), 2)
      assert.deepEqual(await refusals.latest({ limit: 10, isShown }), [])
    })

    test('thousands are forgotten at once, for either reason', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const all = Array.from({ length: 4600 }, (_, index) => someRefusal(time.in(index)))
      await Promise.all(all.map((refusal) => refusals.record(refusal)))

      assert.equal(await refusals.prune(time.in(2300), 200), 4400)
      assert.deepEqual(
        await refusals.latest({ limit: 1000, isShown }),
        all.slice(4400).toReversed(),
      )
    })
  })
}
