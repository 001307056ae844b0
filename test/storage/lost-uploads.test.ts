import assert from 'node:assert/strict'
import { readdir, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { nothingReceived } from '../../src/ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import type { UploadId } from '../../src/registry/upload-id.ts'
import type { EmbeddedStorage } from '../../src/storage/embedded.ts'
import { type Files, nodeFiles } from '../../src/storage/disk/files.ts'
import { append, layerOf, someBytes, storedBytes } from './support/layers.ts'
import { faultyFiles, systemError } from './support/faulty-files.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

const repository = parseRepositoryName('team/app')
const received = someBytes(30)

async function begin({ spool, sessions }: EmbeddedStorage): Promise<UploadId> {
  const { id } = await sessions.create({ repository, agent: 'ci', isResumable: true })
  await append(spool, id, 0, received)
  await sessions.advance(id, layerOf(received))
  return id
}

/** Two uploads of which 30 bytes were acknowledged: nothing is to happen to the second one. */
async function twoUploads(t: TestContext) {
  const dataDir = await temporaryFolder(t)
  const storage = await openStorage(t, { dataDir })
  const [id, whole] = [await begin(storage), await begin(storage)]
  const uploads = join(dataDir, 'uploads')
  return {
    storage,
    id,
    whole,
    uploads,
    file: join(uploads, id),
    /** Starts anew, once the file of the first one has been through `damage`. */
    async restart(damage: (file: string) => Promise<void>, files: Files = nodeFiles) {
      await storage.close()
      await damage(join(uploads, id))
      const lines: LogLine[] = []
      const restarted = await openStorage(t, { dataDir, lines, files })
      return { ...restarted, lines }
    },
  }
}

const nothing = async () => {}

describe('at the start', () => {
  for (const [damage, inflict, message, foundBytes] of [
    ['is gone', unlink, 'An upload was ended: its file is gone.', undefined],
    [
      'has fewer bytes than were acknowledged',
      (file: string) => truncate(file, 29),
      'An upload was ended: its file is too short.',
      29,
    ],
  ] as const) {
    test(`an upload whose file ${damage} is ended, and told of, and no other is`, async (t) => {
      const { id, whole, uploads, restart } = await twoUploads(t)
      const { sessions, spool, lines } = await restart(inflict)

      assert.equal(await sessions.find(id), undefined)
      assert.deepEqual((await sessions.find(whole))?.received, layerOf(received))
      const about = { uploadId: id, repository, receivedBytes: 30, foundBytes }
      assert.deepEqual(lines, [[message, about]])
      assert.deepEqual(await readdir(uploads), [whole])
      assert.equal(spool.usage().usedBytes, 30)
    })
  }

  test('all uploads are ended in one commit when the whole folder is empty', async (t) => {
    const { storage, uploads, restart } = await twoUploads(t)
    for (let more = 0; more < 8; more += 1) await begin(storage)
    const { sessions, lines, commits } = await restart(async () => {
      for (const name of await readdir(uploads)) await unlink(join(uploads, name))
    })
    const commitsOfStart = commits()
    assert.deepEqual(await sessions.unfinished(), [])
    assert.equal(lines.length, 10)
    assert.ok(commitsOfStart < 10)
  })

  test('what was ended at one start is not told of at the next', async (t) => {
    const { restart } = await twoUploads(t)
    await (await restart(unlink)).close()
    assert.deepEqual((await restart(nothing)).lines, [])
  })

  test('an upload without acknowledged bytes needs no file', async (t) => {
    const { storage, restart } = await twoUploads(t)
    const { id } = await storage.sessions.create({ repository, agent: 'ci', isResumable: true })
    const { sessions, lines } = await restart(nothing)

    assert.deepEqual((await sessions.find(id))?.received, nothingReceived)
    assert.deepEqual(lines, [])
  })

  test('an upload that was sealed and not finished goes on, be it with bytes that were not acknowledged', async (t) => {
    const { storage, id, whole, restart } = await twoUploads(t)
    const rest = someBytes(10)
    const longer = Buffer.concat([received, rest])
    await append(storage.spool, whole, 30, rest)
    await storage.spool.seal(whole, layerOf(longer))
    await storage.spool.seal(id, layerOf(received))
    const { sessions, spool, lines } = await restart(nothing)

    const left = await sessions.unfinished()
    assert.deepEqual(new Set(left.map((session) => session.id)), new Set([id, whole]))
    assert.deepEqual(lines, [])
    await spool.seal(whole, layerOf(longer))
    await spool.seal(id, layerOf(received))
    assert.deepEqual(await storedBytes(spool, layerOf(longer)), longer)
  })

  test('an upload is ended with the layer that it was sealed as when their file is gone', async (t) => {
    const { storage, id, restart } = await twoUploads(t)
    await storage.spool.seal(id, layerOf(received))
    const { sessions, lines } = await restart(unlink)

    assert.equal(await sessions.find(id), undefined)
    assert.deepEqual(
      lines.map(([message]) => message),
      ['A sealed layer was dropped: its file is gone.', 'An upload was ended: its file is gone.'],
    )
  })

  test('an upload whose file cannot be looked at is not ended', async (t) => {
    const { id, file, restart } = await twoUploads(t)
    const { sessions, lines } = await restart(nothing, {
      ...nodeFiles,
      sizeBytes: async (path) => {
        if (path === file) throw systemError('EIO')
        return nodeFiles.sizeBytes(path)
      },
    })

    assert.deepEqual((await sessions.find(id))?.received, layerOf(received))
    assert.deepEqual(
      lines.map(([message]) => message),
      ['A file of the spool could not be checked.'],
    )
  })

  test('an upload whose rest cannot be removed stops nothing, and is ended at a later one', async (t) => {
    const { id, restart } = await twoUploads(t)
    const unlinkFails = faultyFiles({ unlink: () => Promise.reject(systemError('EIO')) })
    const first = await restart((file) => truncate(file, 10), unlinkFails)
    assert.equal(first.spool.usage().usedBytes, 40)
    assert.equal(first.lines[0]?.[0], 'A file of the spool could not be checked.')
    await first.close()

    const { sessions, spool } = await restart(nothing)
    assert.equal(await sessions.find(id), undefined)
    assert.equal(spool.usage().usedBytes, 30)
  })
})
