import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { isUploadId } from '../../src/registry/upload-id.ts'
import { forkedStorage, kill } from './support/forked-storage.ts'
import { append, layerOf, storedBytes, uploadedBytes } from './support/layers.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

const never = new AbortController().signal

describe('a process that is killed', () => {
  test('leaves everything behind that it acknowledged', async (t) => {
    const dataDir = await temporaryFolder(t)
    const { child, uploadId } = await forkedStorage(t, 'storage-process.ts', dataDir)
    await kill(child)
    const lines: LogLine[] = []
    const { spool, sessions, forwards } = await openStorage(t, { dataDir, lines })

    const sealed = Buffer.alloc(100, 's')
    const flushed = Buffer.alloc(200, 'f')
    assert.deepEqual(await storedBytes(spool, layerOf(sealed)), sealed)
    assert.equal((await sessions.unfinished()).length, 2)
    assert(isUploadId(uploadId))
    await spool.seal(uploadId, layerOf(flushed))
    assert.deepEqual(await storedBytes(spool, layerOf(flushed)), flushed)
    const claim = await forwards.claim(never)
    assert.deepEqual(claim.forward.key, {
      registry: 'default',
      repository: parseRepositoryName('team/app'),
      digest: layerOf(sealed).digest,
    })
    assert.deepEqual(lines, [])
  })

  test('leaves the chunks of an upload that it acknowledged, to be continued behind them', async (t) => {
    const dataDir = await temporaryFolder(t)
    const { child, uploadId } = await forkedStorage(t, 'chunks-process.ts', dataDir)
    await kill(child)
    const { spool, sessions } = await openStorage(t, { dataDir })

    const [session] = await sessions.unfinished()
    assert(isUploadId(uploadId))
    assert.equal(session?.id, uploadId)
    const acknowledged = Buffer.alloc(200, 'a')
    assert.deepEqual(session.received, layerOf(acknowledged))
    const left = await uploadedBytes(spool, uploadId)
    assert(left.length > 300)
    assert.equal(spool.usage().usedBytes, left.length)
    const rest = Buffer.alloc(50, 'r')
    await append(spool, uploadId, 200, rest)
    const whole = Buffer.concat([acknowledged, rest])
    await spool.seal(uploadId, layerOf(whole))
    assert.deepEqual(await storedBytes(spool, layerOf(whole)), whole)
    assert.equal(spool.usage().usedBytes, 250)
  })

  test('holds its folder against others while it lives', async (t) => {
    const dataDir = await temporaryFolder(t)
    await forkedStorage(t, 'storage-process.ts', dataDir)

    await assert.rejects(openStorage(t, { dataDir, lockWaitMs: 10 }), (error) => {
      assert(error instanceof Error)
      assert(error.message.includes(dataDir))
      assert.match(error.message, /Another process holds .* did not let go for 10 ms/)
      return true
    })
  })

  test('lets go of its folder to one that waits for it', async (t) => {
    const dataDir = await temporaryFolder(t)
    const { child } = await forkedStorage(t, 'storage-process.ts', dataDir)
    const waiting = openStorage(t, { dataDir, lockWaitMs: 60_000 })
    await kill(child)

    const { sessions } = await waiting
    assert.equal((await sessions.unfinished()).length, 2)
  })
})
