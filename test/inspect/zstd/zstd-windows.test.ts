import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createZstdInflater } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { recordEngines } from '../support/engines.ts'
import { assertVerdict, cutEvery, inflateAll } from '../support/inflated.ts'
import { handMadeFrame, rawBlock, zstdFrame } from '../support/zstd-frames.ts'

function inflate(maxWindowBytes: number, chunks: readonly Buffer[]) {
  return inflateAll((take) => createZstdInflater(take, { maxWindowBytes }), chunks)
}

function frameOf(...header: readonly number[]): Buffer {
  return handMadeFrame({ header, blocks: [rawBlock(Buffer.alloc(1024, 'a'))] })
}

for (const [what, frame, windowBytes] of [
  ['a window', frameOf(0x00, 0x6b), 11 * 2 ** 20],
  ['a size that is the window too', frameOf(0xa0, 0, 0, 0, 0x10), 2 ** 28],
] as const) {
  test(`${what} beyond the limit ends it, before a decompressor is made`, async (t) => {
    const engines = recordEngines(t)
    for (const chunks of [[frame], cutEvery(1, frame.subarray(0, 9))]) {
      const verdict = await inflate(windowBytes - 1, chunks)
      assertVerdict(verdict, { output: Buffer.alloc(0), limit: 'memory' })
    }
    assert.equal(engines.length, 0)
  })
}

test('a window that is just within the limit is taken', async () => {
  const verdict = await inflate(11 * 2 ** 20, [frameOf(0x00, 0x6b)])
  assertVerdict(verdict, { output: Buffer.alloc(1024, 'a') })
})

test('windows that the decompressor takes only when it is told to are taken', async () => {
  const block = Buffer.alloc(100_000, 'a')
  const blocks = [rawBlock(block, false), rawBlock(block, false), rawBlock(block)]
  const file = handMadeFrame({ header: [0x00, 0x90], blocks })
  assertVerdict(await inflate(2 ** 28, [file]), { output: Buffer.alloc(300_000, 'a') })
  assertVerdict(await inflate(2 ** 28, [frameOf(0x00, 0x90)]), { output: Buffer.alloc(1024, 'a') })
})

test('a window beyond what the decompressor can do is a limit too', async () => {
  const { limit } = await inflate(Infinity, [frameOf(0x00, 0xff)])
  assert.equal(limit, 'memory')
})

test('the window of a later frame counts too, and what came before was handed on', async () => {
  const file = Buffer.concat([zstdFrame(Buffer.from('abc')), frameOf(0x00, 0x6b)])
  for (const chunks of [[file], cutEvery(1, file)]) {
    const verdict = await inflate(1024, chunks)
    assertVerdict(verdict, { output: Buffer.from('abc'), limit: 'memory' })
  }
})
