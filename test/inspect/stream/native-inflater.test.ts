import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInflateRaw, deflateRawSync } from 'node:zlib'
import { createNativeInflater, DamagedData } from '../../../src/inspect/stream/native-inflater.ts'
import { BeyondLimit } from '../../../src/inspect/malformed.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { textBytes } from '../support/inflated.ts'

const ignore = () => undefined

test('it says how many bytes belonged to the data', async () => {
  const deflated = deflateRawSync('abc')
  using inflater = createNativeInflater(createInflateRaw(), ignore)
  assert.equal(await inflater.write(deflated.subarray(0, 2)), 2)
  const rest = Buffer.concat([deflated.subarray(2), Buffer.from('of the next')])
  assert.equal(await inflater.write(rest), deflated.length - 2)
})

test('data that end with the bytes show their end with the next ones', async () => {
  const deflated = deflateRawSync('abc')
  using inflater = createNativeInflater(createInflateRaw(), ignore)
  assert.equal(await inflater.write(deflated), deflated.length)
  assert.equal(await inflater.write(Buffer.from('of the next')), 0)
})

test('what the taker throws ends it by itself', async () => {
  const reason = new Error('enough')
  const engine = createInflateRaw({ chunkSize: 64 })
  let calls = 0
  const inflater = createNativeInflater(engine, () => {
    calls += 1
    throw reason
  })
  await assert.rejects(
    inflater.write(deflateRawSync(textBytes(10_000))),
    (error) => error === reason,
  )
  await nextTurn()
  assert.equal(engine.destroyed, true)
  assert.equal(calls, 1)
})

test('damage is told in the words of the decompressor', async () => {
  using inflater = createNativeInflater(createInflateRaw(), ignore)
  await assert.rejects(inflater.write(Buffer.from([0x07])), (error) => {
    assert.ok(error instanceof DamagedData)
    assert.equal(error.message, 'invalid block type')
    assert.equal(error.code, 'Z_DATA_ERROR')
    return true
  })
})

for (const code of [
  'Z_MEM_ERROR',
  'ZSTD_error_memory_allocation',
  'ZSTD_error_frameParameter_windowTooLarge',
]) {
  test(`${code} says nothing of the bytes: the memory does not suffice`, async () => {
    const engine = createInflateRaw()
    using inflater = createNativeInflater(engine, ignore)
    const writing = inflater.write(deflateRawSync(textBytes(10_000)))
    engine.destroy(Object.assign(new Error('no memory'), { code }))
    await assert.rejects(
      writing,
      (error) => error instanceof BeyondLimit && error.limit === 'memory',
    )
  })
}
