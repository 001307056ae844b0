import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growingWriter } from '../../src/ingest/growing-writer.ts'
import type { SpoolWriter } from '../../src/layers/spool.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never, setUp } from './setup.ts'

const stepBytes = 1024 * 1024

/** Says what it was asked for, in order, and keeps nothing. */
function recordingWriter() {
  const asked: string[] = []
  const writer: SpoolWriter = {
    async write(chunk) {
      asked.push(`write ${chunk.length}`)
    },
    async reserve(bytes) {
      asked.push(`reserve ${bytes}`)
    },
    async flush() {
      asked.push('flush')
      return 0
    },
    async [Symbol.asyncDispose]() {},
  }
  return { writer, asked }
}

test('space is reserved before the bytes that need it, one step at a time', async () => {
  const { writer, asked } = recordingWriter()
  const growing = growingWriter(writer, writer, setUp().room, never)
  const half = new Uint8Array(stepBytes / 2)
  for (const chunk of [half, half, new Uint8Array(1)]) await growing.write(chunk)
  await growing.flush()
  assert.deepEqual(asked, [
    `reserve ${stepBytes}`,
    `write ${stepBytes / 2}`,
    `write ${stepBytes / 2}`,
    `reserve ${stepBytes}`,
    'write 1',
    'flush',
  ])
})

test('a body that finds no room waits, and its bytes are not written meanwhile', async () => {
  const { room, spool } = setUp({ spool: createMemorySpool({ capacityBytes: stepBytes + 5 }) })
  const other = newUploadId()
  await spool.create(other, 10)
  await using writer = await spool.create(newUploadId(), 0)
  const written = growingWriter(writer, writer, room, never).write(new Uint8Array(10))
  await nextTurn()
  assert.equal(await writer.flush(), 0)
  await spool.discard(other)
  await written
  assert.equal(await writer.flush(), 10)
})

test('a body that finds no room in time fails as spool_full, and writes nothing more', async () => {
  const { writer, asked } = recordingWriter()
  const full = new LayergateError('spool_full', 'No room.')
  const { room } = setUp({ waitMs: 1 })
  const tight: SpoolWriter = { ...writer, reserve: () => Promise.reject(full) }
  await assert.rejects(growingWriter(tight, tight, room, never).write(new Uint8Array(10)), full)
  assert.deepEqual(asked, [])
})
