import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RepositoryName } from '../../../src/registry/repository-name.ts'
import { clock } from '../support/clock.ts'
import { elsewhere, recordAll, repository, someRefusal } from '../support/refusals.ts'
import type { OpenRefusals } from './refusals.ts'

const isShown = () => true

/** Which refusals every engine of the `Refusals` port gives, and in which order. */
export function latestRefusalsContract(engine: string, open: OpenRefusals): void {
  describe(`Refusals, the latest: ${engine}`, () => {
    test('the newest comes first, and of the same time the one that was recorded last', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const older = someRefusal(time.now())
      const newest = someRefusal(time.in(2))
      const [first, last] = [someRefusal(time.in(1)), someRefusal(time.in(1))]
      await recordAll(refusals, [first, newest, older, last])

      const latest = await refusals.latest({ limit: 10, isShown })
      assert.deepEqual(latest, [newest, last, first, older])
      assert.deepEqual(await refusals.latest({ limit: 2, isShown }), [newest, last])
      assert.deepEqual(await refusals.latest({ limit: 0, isShown }), [])
    })

    test('those of one repository are found alone', async (t) => {
      const refusals = await open(t)
      const { now } = clock()
      const [one, other] = [someRefusal(now()), someRefusal(now(), { repository: elsewhere })]
      await recordAll(refusals, [one, other])

      assert.deepEqual(await refusals.latest({ limit: 1, repository, isShown }), [one])
      const hidden = {
        limit: 10,
        repository,
        isShown: (name: RepositoryName) => name !== one.repository,
      }
      assert.deepEqual(await refusals.latest(hidden), [])
    })

    test('those that are not shown do not count to the limit', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const [first, second] = [someRefusal(time.now()), someRefusal(time.in(1))]
      const hidden = Array.from({ length: 1500 }, () =>
        someRefusal(time.in(2), { repository: elsewhere }),
      )
      await recordAll(refusals, [first, second])
      await Promise.all(hidden.map((refusal) => refusals.record(refusal)))

      const wanted = { limit: 2, isShown: (name: RepositoryName) => name === repository }
      assert.deepEqual(await refusals.latest(wanted), [second, first])
      assert.deepEqual(await refusals.latest({ ...wanted, limit: 1 }), [second])
    })

    test('a thousand are given at the most, each of them once', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const all = Array.from({ length: 1100 }, (_, index) =>
        someRefusal(time.in(index % 7), { detail: `number ${index}` }),
      )
      await Promise.all(all.map((refusal) => refusals.record(refusal)))
      const latest = await refusals.latest({ limit: 5000, isShown })

      const newestFirst = all
        .toReversed()
        .toSorted((one, other) => other.refusedAt.getTime() - one.refusedAt.getTime())
      assert.deepEqual(latest, newestFirst.slice(0, 1000))
    })

    test('no more than the newest ten thousand are looked at, of the repository where one is given', async (t) => {
      const refusals = await open(t)
      const time = clock()
      const [beyond, last] = [someRefusal(time.now()), someRefusal(time.in(1))]
      const hidden = someRefusal(time.in(2), { repository: elsewhere })
      await recordAll(refusals, [beyond, last])
      await Promise.all(Array.from({ length: 9999 }, () => refusals.record(hidden)))

      const wanted = { limit: 2, isShown: (name: RepositoryName) => name === repository }
      assert.deepEqual(await refusals.latest(wanted), [last])
      assert.deepEqual(await refusals.latest({ ...wanted, repository }), [last, beyond])
    })
  })
}
