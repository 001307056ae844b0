import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspectedSink } from '../../src/ingest/inspected-sink.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { fakeInspector } from '../support/fake-inspector.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never } from './setup.ts'

const mebibyte = 1024 * 1024
const chunk = Buffer.alloc(mebibyte / 2)

function sunk(caughtUp?: Promise<void>, offsetBytes = 0) {
  const inspector = fakeInspector(caughtUp ? { caughtUp } : {})
  let writtenBytes = 0
  const sink = inspectedSink(
    {
      async write(bytes) {
        writtenBytes += bytes.length
      },
      flush: async () => writtenBytes,
    },
    inspector,
    newUploadId(),
    offsetBytes,
    never,
  )
  return { inspector, sink, written: () => writtenBytes }
}

test('the inspection is told of each whole MiB, once it is written', async () => {
  const { inspector, sink } = sunk()
  for (let index = 0; index < 5; index += 1) await sink.write(chunk)
  assert.deepEqual(inspector.asked, [`follow 1 to ${mebibyte}`, `follow 1 to ${2 * mebibyte}`])
  assert.equal(await sink.flush(), 2.5 * mebibyte)
})

test('a chunk counts from where the upload stands', async () => {
  const { inspector, sink } = sunk(undefined, 100)
  await sink.write(chunk)
  await sink.write(chunk)
  assert.deepEqual(inspector.asked, [`follow 1 to ${mebibyte + 100}`])
})

test('who sends faster than can be inspected waits', async () => {
  const held = Promise.withResolvers<void>()
  const { sink, written } = sunk(held.promise)
  await sink.write(chunk)
  let isOver = false
  const writing = sink.write(chunk).finally(() => {
    isOver = true
  })
  await nextTurn()
  assert.deepEqual([written(), isOver], [mebibyte, false])
  held.resolve()
  await writing
})
