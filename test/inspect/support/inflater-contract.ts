import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextImmediate } from 'node:timers/promises'
import type { Inflater, TakeInflated } from '../../../src/inspect/inflater.ts'
import { Malformed } from '../../../src/inspect/malformed.ts'
import { layerBytes } from '../../support/layers.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { until } from '../../support/until.ts'
import { recordEngines } from './engines.ts'
import { textBytes } from './inflated.ts'

export interface InflaterContract {
  readonly create: (take: TakeInflated) => Inflater
  /** A member or a frame. */
  readonly compress: (content: Buffer) => Buffer
  /** How many streams small parts take that lie in one chunk. */
  readonly enginesOfSmallParts: number
}

const ignore = () => undefined

/** What the inflater of every format has to hold to, beside its format. */
export function testInflater({ create, compress, enginesOfSmallParts }: InflaterContract): void {
  const large = compress(layerBytes(2_000_000))
  const smallParts = Buffer.concat(
    Array.from({ length: 1000 }, (_, index) => compress(layerBytes(100, index))),
  )

  for (const [what, file] of [
    ['a large part', large],
    ['small parts', smallParts],
  ] as const) {
    test(`what the taker throws at ${what} is what the write rejects with, and it is not asked again`, async (t) => {
      const engines = recordEngines(t)
      const reason = new Error('enough')
      let calls = 0
      using inflater = create(() => {
        calls += 1
        if (calls === 2) throw reason
      })
      await assert.rejects(inflater.write(file), (error) => error === reason)
      await nextTurn()
      assert.equal(calls, 2)
      assert.ok(engines.every(({ destroyed }) => destroyed))
      await assert.rejects(inflater.write(file), (error) => error === reason)
      inflater[Symbol.dispose]()
      await assert.rejects(inflater.end(), (error) => error === reason)
      assert.equal(calls, 2)
    })

    test(`disposed of before it gets to ${what}, it takes no memory`, async (t) => {
      const engines = recordEngines(t)
      let calls = 0
      const inflater = create(() => {
        calls += 1
      })
      const rejected = assert.rejects(inflater.write(file), /disposed/)
      inflater[Symbol.dispose]()
      await rejected
      await nextTurn()
      assert.equal(engines.length, 0)
      assert.equal(calls, 0)
    })

    test(`disposed of by the taker of ${what}, it calls that no more`, async (t) => {
      const engines = recordEngines(t)
      let calls = 0
      const inflater: Inflater = create(() => {
        calls += 1
        inflater[Symbol.dispose]()
      })
      await assert.rejects(inflater.write(file), /disposed/)
      await until('the stream is destroyed', () => engines.every(({ destroyed }) => destroyed))
      await nextTurn()
      assert.equal(calls, 1)
    })
  }

  test('disposed of within a write, it is over at once, and its memory is given back', async (t) => {
    const engines = recordEngines(t)
    let calls = 0
    const inflater = create(() => {
      calls += 1
    })
    const rejected = assert.rejects(inflater.write(large), /disposed/)
    // From then on the bytes are with another thread, whose answer needs a turn of the event loop.
    for (let steps = 0; engines.length === 0 && steps < 1000; steps += 1) await Promise.resolve()
    assert.equal(engines.length, 1)
    inflater[Symbol.dispose]()
    await rejected
    await until('the stream is destroyed', () => engines[0]?.destroyed === true)
    await nextTurn()
    assert.equal(calls, 0)
  })

  test('disposed of between two writes, it gives its memory back', async (t) => {
    const engines = recordEngines(t)
    const inflater = create(ignore)
    await inflater.write(large.subarray(0, 1000))
    assert.deepEqual(
      engines.map(({ destroyed }) => destroyed),
      [false],
    )
    inflater[Symbol.dispose]()
    inflater[Symbol.dispose]()
    await nextTurn()
    assert.equal(engines[0]?.destroyed, true)
    await assert.rejects(inflater.write(large), /disposed/)
    await assert.rejects(inflater.end(), /disposed/)
  })

  test('damage that shows after it was disposed of is told to nobody', async (t) => {
    const engines = recordEngines(t)
    const damaged = compress(textBytes(1_000_000)).fill(0xff, 1000)
    const inflater = create(ignore)
    const rejected = assert.rejects(inflater.write(damaged))
    // By now the bytes are with another thread.
    await nextImmediate()
    inflater[Symbol.dispose]()
    await rejected
    await until('the stream is destroyed', () => engines.every(({ destroyed }) => destroyed))
    await nextTurn()
  })

  test('one that was never written to has no memory to give back', async (t) => {
    const engines = recordEngines(t)
    const inflater = create(ignore)
    inflater[Symbol.dispose]()
    await nextTurn()
    assert.equal(engines.length, 0)
  })

  test('at the end of a file, and at a flaw, it has given its memory back by itself', async (t) => {
    const engines = recordEngines(t)
    const whole = create(ignore)
    await whole.write(large)
    await whole.end()
    const broken = create(ignore)
    await broken.write(large.subarray(0, -1))
    await assert.rejects(broken.end(), Malformed)
    await nextTurn()
    assert.deepEqual(
      engines.map(({ destroyed }) => destroyed),
      [true, true],
    )
  })

  test('behind the end of a file nothing is taken any more', async () => {
    using inflater = create(ignore)
    await inflater.write(smallParts)
    await inflater.end()
    await assert.rejects(inflater.write(smallParts), /at its end/)
    await assert.rejects(inflater.end(), /at its end/)
  })

  test('small parts that lie in one chunk take no stream each', async (t) => {
    const engines = recordEngines(t)
    using inflater = create(ignore)
    await inflater.write(smallParts)
    await inflater.end()
    assert.equal(engines.length, enginesOfSmallParts)
  })

  test('others have their turns while a chunk of many small parts is inflated', async () => {
    using inflater = create(ignore)
    const file = Buffer.concat([smallParts, smallParts, smallParts])
    const turns = await countTurns(() => inflater.write(file))
    // By what small parts count for, there are twelve of them.
    assert.ok(turns >= 8, `${turns} turns`)
  })

  test('many files are inflated at once', async () => {
    const inflated = Array.from({ length: 40 }, async (_, index) => {
      let sizeBytes = 0
      using inflater = create((bytes) => {
        sizeBytes += bytes.length
      })
      for (let at = 0; at < large.length; at += 100_000 + index) {
        await inflater.write(large.subarray(at, at + 100_000 + index))
      }
      await inflater.end()
      return sizeBytes
    })
    assert.deepEqual(new Set(await Promise.all(inflated)), new Set([2_000_000]))
  })
}

/** How many turns of the event loop others have until something is over. */
export async function countTurns(run: () => Promise<void>): Promise<number> {
  let turns = 0
  let next = setImmediate(function count() {
    turns += 1
    next = setImmediate(count)
  })
  try {
    await run()
  } finally {
    clearImmediate(next)
  }
  return turns
}
