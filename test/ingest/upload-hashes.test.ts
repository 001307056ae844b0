import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measured, noProgress } from '../../src/ingest/progress.ts'
import { createUploadHashes } from '../../src/ingest/upload-hashes.ts'
import { nothingReceived } from '../../src/ingest/upload-sessions.ts'
import type { Spool } from '../../src/layers/spool.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { codeIs } from '../support/code-is.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { never } from './setup.ts'

const bytes = layerBytes(100)
const received = { digest: digestOf(bytes), sizeBytes: bytes.length }

/** A spool that holds one upload, and says how often it was read. */
async function spooled() {
  const spool = createMemorySpool()
  const id = newUploadId()
  await using writer = await spool.create(id, 0)
  await writer.write(bytes)
  await writer.flush()
  let reads = 0
  const counting: Spool = {
    ...spool,
    openUpload(wanted) {
      reads += 1
      return spool.openUpload(wanted)
    },
  }
  return { id, spool: counting, reads: () => reads }
}

test('an upload without bytes is not looked for', async () => {
  const hashes = createUploadHashes(createMemorySpool())
  const progress = await hashes.of({ id: newUploadId(), received: nothingReceived }, never)
  assert.deepEqual(measured(progress), nothingReceived)
})

test('what is remembered is not read again', async () => {
  const { id, spool, reads } = await spooled()
  const hashes = createUploadHashes(spool)
  const { hash } = noProgress()
  hashes.remember(id, { hash: hash.update(bytes), sizeBytes: 100 })
  assert.deepEqual(measured(await hashes.of({ id, received }, never)), received)
  assert.equal(reads(), 0)
})

test('what was forgotten is read once, and remembered', async () => {
  const { id, spool, reads } = await spooled()
  const hashes = createUploadHashes(spool)
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(measured(await hashes.of({ id, received }, never)), received)
  }
  assert.equal(reads(), 1)
  hashes.forget(id)
  await hashes.of({ id, received }, never)
  assert.equal(reads(), 2)
})

test('a hash that does not stand where the session does is not used', async () => {
  const { id, spool, reads } = await spooled()
  const hashes = createUploadHashes(spool)
  hashes.remember(id, { hash: noProgress().hash.update(bytes).update(bytes), sizeBytes: 200 })
  assert.deepEqual(measured(await hashes.of({ id, received }, never)), received)
  assert.equal(reads(), 1)
})

test('only the bytes that the session knows of are read', async () => {
  const { id, spool } = await spooled()
  const start = bytes.subarray(0, 40)
  const earlier = { digest: digestOf(start), sizeBytes: 40 }
  const progress = await createUploadHashes(spool).of({ id, received: earlier }, never)
  assert.deepEqual(measured(progress), earlier)
})

test('bytes that changed on disk are not continued', async () => {
  const { id, spool } = await spooled()
  const other = { digest: digestOf(layerBytes(100, 2)), sizeBytes: 100 }
  await assert.rejects(
    createUploadHashes(spool).of({ id, received: other }, never),
    codeIs('upload_unknown'),
  )
})
