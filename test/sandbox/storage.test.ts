import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openBoth, openClient, openSandbox, repositoryName } from './support/open-sandbox.ts'
import {
  complete,
  digestOf,
  pushImageLayers,
  pushLayer,
  sendPart,
  startUpload,
} from './support/push.ts'

async function dataFolder(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-sandbox-'))
  t.after(() => rm(dataDir, { recursive: true }))
  return dataDir
}

test('repositories, layers, images and tags are there after a restart', async (t) => {
  const dataDir = await dataFolder(t)
  const before = await openSandbox(t, { dataDir })
  const client = openClient(t, before)
  const imageManifest = await pushImageLayers(client, 'layer')
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v1' })
  await client.putImage({ repositoryName, imageManifest, imageTag: 'v2' })
  await client.batchDeleteImage({ repositoryName, imageIds: [{ imageTag: 'v1' }] })
  before.createRepository('team/other')
  before.removeRepository('team/other')
  const state = before.state()
  await before.close()

  const after = await openSandbox(t, { dataDir })
  assert.deepEqual(after.state(), state)
  assert.deepEqual(Object.keys(state.repositories[0]?.tags ?? {}), ['v2'])
  const layer = await after.layerBytes(repositoryName, digestOf('layer'))
  assert.equal(layer.toString(), 'layer')
  await assert.rejects(pushLayer(openClient(t, after), 'layer'), {
    name: 'LayerAlreadyExistsException',
  })
})

test('an upload goes on after a restart, over what a crash left behind its last part', async (t) => {
  const dataDir = await dataFolder(t)
  const before = await openSandbox(t, { dataDir })
  const { uploadId } = await startUpload(openClient(t, before))
  await sendPart(openClient(t, before), uploadId, 0, 'abcd')
  await before.close()
  await appendFile(join(dataDir, 'uploads', uploadId), 'efghijkl')
  await appendFile(join(dataDir, 'journal.jsonl'), '[{"event":"part-sto')

  const after = await openSandbox(t, { dataDir })
  const client = openClient(t, after)
  await sendPart(client, uploadId, 4, 'EFGH')
  const digest = digestOf('abcdEFGH')
  assert.equal((await complete(client, uploadId, digest)).layerDigest, digest)
  assert.equal(String(await after.layerBytes(repositoryName, digest)), 'abcdEFGH')
  const state = after.state()
  await after.close()
  assert.deepEqual((await openSandbox(t, { dataDir })).state(), state)
})

test('parts that are sent at the same time are taken in turn, and only those that follow', async (t) => {
  const { sandbox, client } = await openBoth(t, { dataDir: await dataFolder(t) })
  const { uploadId } = await startUpload(client)
  const sent = Array.from({ length: 5 }, () => sendPart(client, uploadId, 0, 'abcd'))
  const results = await Promise.allSettled(sent)
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(sandbox.state().uploads[0]?.sizeBytes, 4)
})

test('of uploads of one layer that end together one stores it', async (t) => {
  const { sandbox, client } = await openBoth(t, { dataDir: await dataFolder(t) })
  const pushes = await Promise.allSettled(
    Array.from({ length: 5 }, () => pushLayer(client, 'abcd')),
  )
  assert.equal(pushes.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(sandbox.state().repositories[0]?.layers[0]?.storedTimes, 1)
})

test('an upload whose bytes were not kept is gone after a restart', async (t) => {
  const dataDir = await dataFolder(t)
  const before = await openSandbox(t, { dataDir, switches: { keepBytes: false } })
  const { uploadId } = await startUpload(openClient(t, before))
  await sendPart(openClient(t, before), uploadId, 0, 'abcd')
  await before.close()
  const after = await openSandbox(t, { dataDir })
  const next = sendPart(openClient(t, after), uploadId, 4, 'efgh')
  await assert.rejects(next, { name: 'UploadNotFoundException' })
})

test('no file is left of an upload that ended without a layer', async (t) => {
  const dataDir = await dataFolder(t)
  const client = openClient(t, await openSandbox(t, { dataDir }))
  const { uploadId } = await startUpload(client)
  await sendPart(client, uploadId, 0, 'abcd')
  assert.deepEqual(await readdir(join(dataDir, 'uploads')), [uploadId])
  await assert.rejects(complete(client, uploadId, digestOf('other')))
  await pushLayer(client, 'abcd')
  await assert.rejects(pushLayer(client, 'abcd'))
  assert.deepEqual(await readdir(join(dataDir, 'uploads')), [])
  assert.equal((await readdir(join(dataDir, 'layers'))).length, 1)
})

test('a layer in a journal that does not tell its age is old', async (t) => {
  const dataDir = await dataFolder(t)
  const [repository, digest] = [repositoryName, digestOf('layer')]
  const stored = { event: 'layer-stored', repository, digest, sizeBytes: 5, bytesKept: false }
  const created = { event: 'repository-created', repository, atMs: 0 }
  await appendFile(join(dataDir, 'journal.jsonl'), `${JSON.stringify([created, stored])}\n`)
  const { sandbox, client } = await openBoth(t, { dataDir })
  assert.equal(sandbox.state().repositories[0]?.layers[0]?.digest, digest)
  sandbox.setSwitches({ unreferencedLayerTtlMs: 60_000 })
  await client.describeImages({ repositoryName })
  assert.deepEqual(sandbox.state().repositories[0]?.layers, [])
})

test('a journal that is damaged in the middle stops the start', async (t) => {
  const dataDir = await dataFolder(t)
  const sandbox = await openSandbox(t, { dataDir })
  await sandbox.close()
  await appendFile(join(dataDir, 'journal.jsonl'), '[{"event":"other"}]\n')
  await assert.rejects(openSandbox(t, { dataDir }), /unknown event 'other'/)
})
