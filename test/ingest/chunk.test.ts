import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { checkedSink, planChunk } from '../../src/ingest/chunk.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { codeIs } from '../support/code-is.ts'

function memorySink() {
  const written: Uint8Array[] = []
  let flushes = 0
  return {
    written,
    flushes: () => flushes,
    async write(bytes: Uint8Array) {
      written.push(bytes)
    },
    async flush() {
      flushes += 1
      return 0
    },
  }
}

test('a chunk without a range goes on where the upload stands', () => {
  assert.equal(planChunk(10, { sizeBytes: 5 }), 5)
  assert.equal(planChunk(10, {}), undefined)
})

test('a chunk whose range goes on where the upload stands is planned by its range', () => {
  assert.equal(planChunk(10, { range: '10-14' }), 5)
  assert.equal(planChunk(10, { range: '10-14', sizeBytes: 5 }), 5)
})

for (const [why, chunk] of [
  ['starts too far ahead', { range: '11-15', sizeBytes: 5 }],
  ['starts again', { range: '0-4', sizeBytes: 5 }],
  ['has another length than the body', { range: '10-14', sizeBytes: 6 }],
  ['belongs to an empty body', { range: '10-14', sizeBytes: 0 }],
  ['cannot be read', { range: '10-', sizeBytes: 5 }],
] as const) {
  test(`a range that ${why} is refused, and the refusal says where the upload stands`, () => {
    assert.throws(
      () => planChunk(10, chunk),
      (error) =>
        error instanceof LayergateError &&
        error.code === 'upload_range_invalid' &&
        error.facts.actual?.sizeBytes === 10,
    )
  })
}

test('fewer bytes than were announced do not become durable', async () => {
  const sink = memorySink()
  const checked = checkedSink(sink, 10, 5, undefined)
  await checked.write(new Uint8Array(4))
  await assert.rejects(checked.flush(), codeIs('upload_range_invalid'))
  assert.equal(sink.flushes(), 0)
})

test('more bytes than were announced are not even written', async () => {
  const sink = memorySink()
  const checked = checkedSink(sink, 10, 5, undefined)
  await checked.write(new Uint8Array(5))
  await assert.rejects(checked.write(new Uint8Array(1)), codeIs('upload_range_invalid'))
  assert.equal(sink.written.length, 1)
})

for (const algorithm of ['sha256', 'sha512'] as const) {
  test(`a chunk with the ${algorithm} that was announced becomes durable`, async () => {
    const sink = memorySink()
    const base64 = createHash(algorithm).update('chunk').digest('base64')
    const checked = checkedSink(sink, 0, undefined, { algorithm, base64 })
    for (const piece of ['chu', 'nk']) await checked.write(Buffer.from(piece))
    await checked.flush()
    assert.equal(Buffer.concat(sink.written).toString(), 'chunk')
    assert.equal(sink.flushes(), 1)
  })

  test(`one with another ${algorithm} does not`, async () => {
    const sink = memorySink()
    const base64 = createHash(algorithm).update('chunk').digest('base64')
    const checked = checkedSink(sink, 0, undefined, { algorithm, base64 })
    await checked.write(Buffer.from('chunK'))
    await assert.rejects(checked.flush(), codeIs('chunk_digest_mismatch'))
    assert.equal(sink.flushes(), 0)
  })
}
