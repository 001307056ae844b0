import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clock } from './support/clock.ts'
import { assertNothingDue, hold, someKey } from './support/forwards.ts'
import { store, storedBytes, someBytes } from './support/layers.ts'
import { repository, someRefusal } from './support/refusals.ts'
import { openStorage, temporaryFolder } from './support/storage.ts'

describe('a restart, after layers were inspected', () => {
  test('finds what was held as it was, with its bytes', async (t) => {
    const dataDir = await temporaryFolder(t)
    const time = clock()
    const first = await openStorage(t, { dataDir, now: time.now })
    const bytes = someBytes(100)
    const layer = await store(first.spool, bytes)
    const key = { ...someKey(), digest: layer.digest }
    const { forward: held } = await first.forwards.record(key, 'ci', 100, hold)
    await first.close()
    time.move(1000)
    const { forwards, spool } = await openStorage(t, { dataDir, now: time.now })

    assert.deepEqual(await forwards.find(key), held)
    await assertNothingDue(forwards)
    assert.deepEqual(await forwards.owedDigests(), new Set([layer.digest]))
    assert.deepEqual(await storedBytes(spool, layer), bytes)
    assert.deepEqual(await forwards.dropHeld(time.now()), [held])
  })

  test('finds refusals and findings', async (t) => {
    const dataDir = await temporaryFolder(t)
    const { now } = clock()
    const first = await openStorage(t, { dataDir, now })
    const refusal = someRefusal(now())
    const { digest } = someKey()
    const found = { compression: 'gzip', contents: 'tar', inflatedBytes: 100, entries: 1 } as const
    await first.refusals.record(refusal)
    await first.findings.keep(digest, found)
    await first.close()
    const { refusals, findings } = await openStorage(t, { dataDir, now })

    assert.deepEqual(await refusals.latest({ limit: 1, repository, isShown: () => true }), [
      refusal,
    ])
    assert.deepEqual(await findings.of([digest]), new Map([[digest, found]]))
  })
})
