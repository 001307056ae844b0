import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { LayerFindings } from '../../../src/layers/layer-findings.ts'
import type { FlawCause } from '../../../src/registry/diagnosis.ts'
import { type Findings, unexamined } from '../../../src/registry/findings.ts'
import { clock } from '../support/clock.ts'
import { layerOf, someBytes } from '../support/layers.ts'

/** @param now what the engine takes for the time */
export type OpenFindings = (t: TestContext, now: () => Date) => Promise<LayerFindings>

const someDigest = () => layerOf(someBytes(8)).digest

const good: Findings = {
  compression: 'gzip',
  contents: 'tar',
  inflatedBytes: 10 * 1024 ** 3,
  entries: 3,
  diffId: someDigest(),
}
const flawed: Findings = {
  compression: 'zstd',
  contents: 'opaque',
  inflatedBytes: 0,
  flaw: {
    cause: 'malformed_zstd',
    detail: 'The frame at byte 1024 is cut off.',
    evidence: { at: 1024, frame: 'second' },
  },
}

function flawedBy(cause: FlawCause): Findings {
  return { ...good, flaw: { cause, detail: 'So it is.', evidence: {} } }
}

/** What every engine of the `LayerFindings` port does. */
export function layerFindingsContract(engine: string, open: OpenFindings): void {
  describe(`LayerFindings: ${engine}`, () => {
    test('what was found is known of the layers of which it was kept, and of no others', async (t) => {
      const findings = await open(t, clock().now)
      const [one, other, third] = [someDigest(), someDigest(), someDigest()]
      assert.deepEqual(await findings.of([one, other]), new Map())
      await findings.keep(one, good)
      await findings.keep(third, good)
      await findings.keep(other, flawed)

      const known = new Map([
        [one, good],
        [other, flawed],
      ])
      assert.deepEqual(await findings.of([one, someDigest(), other, one]), known)
      assert.deepEqual(await findings.of([]), new Map())
    })

    test('whatever can be found is kept as it is', async (t) => {
      const findings = await open(t, clock().now)
      const all: Findings[] = [
        { compression: 'none', contents: 'empty', inflatedBytes: 0 },
        { compression: 'none', contents: 'html', inflatedBytes: 12 },
        { compression: 'none', contents: 'base64', inflatedBytes: 12 },
        { ...good, entries: 0, unexamined: 'entries' },
        ...(['ratio', 'bytes', 'memory', 'time', 'failed', 'off'] as const).map(unexamined),
        flawedBy('malformed_gzip'),
        flawedBy('malformed_tar'),
        flawedBy('beyond_limits'),
      ]
      const digests = all.map(someDigest)
      for (const [index, each] of all.entries()) {
        await findings.keep(digests[index] ?? someDigest(), each)
      }

      const known = await findings.of(digests)
      assert.deepEqual(
        digests.map((digest) => known.get(digest)),
        all,
      )
    })

    test('what is kept later takes the place of what was kept before, and its time', async (t) => {
      const time = clock()
      const findings = await open(t, time.now)
      const digest = someDigest()
      await findings.keep(digest, good)
      time.move(10)
      await findings.keep(digest, flawed)

      assert.equal(await findings.prune(time.now()), 0)
      assert.deepEqual(await findings.of([digest]), new Map([[digest, flawed]]))
    })

    test('what was last kept before a time is forgotten, and nothing else', async (t) => {
      const time = clock()
      const findings = await open(t, time.now)
      const [old, edge, later] = [someDigest(), someDigest(), someDigest()]
      for (const digest of [old, edge, later]) {
        await findings.keep(digest, good)
        time.move(1)
      }

      assert.equal(await findings.prune(time.in(-2)), 1)
      const known = await findings.of([old, edge, later])
      assert.deepEqual(new Set(known.keys()), new Set([edge, later]))
      assert.equal(await findings.prune(time.in(-2)), 0)
      assert.equal(await findings.prune(time.now()), 2)
    })

    test('many layers are asked for at once, and thousands forgotten', async (t) => {
      const time = clock()
      const findings = await open(t, time.now)
      const digests = Array.from({ length: 2500 }, someDigest)
      await Promise.all(digests.map((digest) => findings.keep(digest, good)))

      assert.equal((await findings.of(digests)).size, 2500)
      assert.equal(await findings.prune(time.in(1)), 2500)
      assert.equal((await findings.of(digests)).size, 0)
    })
  })
}
