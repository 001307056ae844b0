import assert from 'node:assert/strict'
import { appendFile, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import type { EmbeddedStorage } from '../../src/storage/embedded.ts'
import { codeIs } from '../support/code-is.ts'
import { recordAll, claimed, someKey } from './support/forwards.ts'
import { append, layerOf, someBytes, storedBytes, uploadedBytes } from './support/layers.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')

/** An upload of which 30 bytes were acknowledged. */
async function begun(t: TestContext) {
  const dataDir = await temporaryFolder(t)
  const storage = await openStorage(t, { dataDir })
  const { id } = await storage.sessions.create({ repository, agent: 'ci', isResumable: true })
  const bytes = someBytes(30)
  await append(storage.spool, id, 0, bytes)
  await storage.sessions.advance(id, layerOf(bytes))
  const lines: LogLine[] = []
  return {
    storage,
    dataDir,
    id,
    bytes,
    lines,
    file: join(dataDir, 'uploads', id),
    async restart(meanwhile: () => Promise<void> = async () => {}): Promise<EmbeddedStorage> {
      await storage.close()
      await meanwhile()
      return openStorage(t, { dataDir, lines })
    },
  }
}

describe('an upload that is resumed after a restart', () => {
  test('goes on where it was, and is sealed whole', async (t) => {
    const { id, bytes, restart, lines } = await begun(t)
    const { spool, sessions } = await restart()
    const session = await sessions.find(id)
    assert.deepEqual([session?.received, session?.isResumable], [layerOf(bytes), true])
    assert.deepEqual(await uploadedBytes(spool, id), bytes)
    const rest = someBytes(20)
    await append(spool, id, 30, rest)
    const whole = Buffer.concat([bytes, rest])
    await spool.seal(id, layerOf(whole))

    assert.deepEqual(await storedBytes(spool, layerOf(whole)), whole)
    assert.equal(spool.usage().usedBytes, 50)
    assert.deepEqual(lines, [])
  })

  test('loses what lies beyond what was acknowledged', async (t) => {
    const { id, bytes, restart, file } = await begun(t)
    const { spool } = await restart(() => appendFile(file, someBytes(20)))
    assert.equal(spool.usage().usedBytes, 50)
    const rest = someBytes(10)
    await append(spool, id, 30, rest)
    assert.equal(spool.usage().usedBytes, 40)

    const whole = Buffer.concat([bytes, rest])
    await spool.seal(id, layerOf(whole))
    assert.deepEqual(await storedBytes(spool, layerOf(whole)), whole)
  })

  test('is not sealed with what lies beyond, but once that was dropped', async (t) => {
    const { id, bytes, restart, file } = await begun(t)
    const { spool } = await restart(() => appendFile(file, someBytes(20)))
    await assert.rejects(spool.seal(id, layerOf(bytes)), /50 are stored/)
    {
      await using _ = await spool.resume(id, 30, 0)
    }

    await spool.seal(id, layerOf(bytes))
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
  })

  test('is unknown when its file is gone, but may begin', async (t) => {
    const { id, restart, file } = await begun(t)
    const { spool } = await restart(() => unlink(file))

    await assert.rejects(spool.resume(id, 30, 0), codeIs('upload_unknown'))
    assert.equal(await append(spool, id, 0, someBytes(10)), 10)
    assert.equal(spool.usage().usedBytes, 10)
  })

  test('is sealed by a process that wrote nothing of it, and once more by the next', async (t) => {
    const { storage, dataDir, id, bytes, lines } = await begun(t)
    await storage.close()
    const second = await openStorage(t, { dataDir })
    await second.spool.seal(id, layerOf(bytes))
    await second.close()
    const { spool, sessions } = await openStorage(t, { dataDir, lines })
    assert.equal((await sessions.unfinished()).length, 1)
    await spool.seal(id, layerOf(bytes))

    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    assert.equal(spool.usage().usedBytes, 30)
    for (const offsetBytes of [0, 30]) {
      await assert.rejects(spool.resume(id, offsetBytes, 0), codeIs('upload_unknown'))
    }
    await spool.discard(id)
    assert.deepEqual(await storedBytes(spool, layerOf(bytes)), bytes)
    assert.deepEqual(lines, [])
  })

  test('goes on though more than the capacity is in use, if it gives enough back', async (t) => {
    const { id, bytes, dataDir, storage } = await begun(t)
    await storage.close()
    const { spool } = await openStorage(t, { dataDir, capacityBytes: 25 })
    await assert.rejects(spool.resume(id, 30, 0), codeIs('spool_full'))
    await assert.rejects(spool.resume(id, 26, 0), codeIs('spool_full'))
    await assert.rejects(spool.resume(id, 10, 16), codeIs('spool_full'))
    assert.equal(spool.usage().usedBytes, 30)
    await append(spool, id, 10, someBytes(0))

    assert.deepEqual(await uploadedBytes(spool, id), bytes.subarray(0, 10))
    assert.equal(spool.usage().usedBytes, 10)
  })

  test('is gone with its file when it was finished, unless it was sealed', async (t) => {
    const { storage, id, dataDir, bytes, restart } = await begun(t)
    const sealed = await storage.sessions.create({ repository, agent: 'ci', isResumable: true })
    await append(storage.spool, sealed.id, 0, bytes)
    await storage.spool.seal(sealed.id, layerOf(bytes))
    await storage.sessions.finish(sealed.id, layerOf(bytes).digest)
    await storage.sessions.finish(id, layerOf(bytes).digest)
    const { spool, sessions } = await restart()

    assert.deepEqual(await readdir(join(dataDir, 'uploads')), [sealed.id])
    assert.equal(spool.usage().usedBytes, 30)
    assert.deepEqual(await sessions.unfinished(), [])
    assert.equal((await sessions.find(id))?.finishedAs, layerOf(bytes).digest)
  })
})

test('what was hurried before a restart comes first after it', async (t) => {
  const dataDir = await temporaryFolder(t)
  const first = await openStorage(t, { dataDir })
  const [key, other] = [someKey(), someKey()]
  await recordAll(first.forwards, [other, key])
  await first.forwards.hurry([key])
  await first.close()
  const { forwards } = await openStorage(t, { dataDir })

  assert.deepEqual(await claimed(forwards, 2), [key, other])
})
