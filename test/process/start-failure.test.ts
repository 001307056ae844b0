import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type TestContext } from 'node:test'
import { asListenError, asStorageError, StartError } from '../../src/commands/start-error.ts'
import { openEmbeddedStorage } from '../../src/storage/embedded.ts'
import { spawned } from '../support/spawned.ts'

/** Runs `serve` until it has ended. */
async function failedStart(t: TestContext, env: Readonly<Record<string, string>>) {
  const process = await spawned(t, ['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_PORT: '0',
    ...env,
  })
  return { status: await process.exit(), words: process.stderr() }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function takenPort(t: TestContext): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  return String(address.port)
}

for (const setting of ['LAYERGATE_PORT', 'LAYERGATE_ADMIN_PORT']) {
  test(`a start on a port that is taken says so in one line, and names ${setting}`, async (t) => {
    const port = await takenPort(t)
    const { status, words } = await failedStart(t, { [setting]: port })
    assert.equal(status, 1)
    assert.equal(
      words,
      `layergate could not start: listen EADDRINUSE: address already in use 127.0.0.1:${port}. See ${setting}.\n`,
    )
  })
}

test('a start on an address of another machine names LAYERGATE_HOST', async (t) => {
  // Of a network for documentation (https://www.rfc-editor.org/rfc/rfc5737).
  const { status, words } = await failedStart(t, { LAYERGATE_HOST: '203.0.113.7' })
  assert.equal(status, 1)
  assert.match(words, /^layergate could not start: .*203\.0\.113\.7.* See LAYERGATE_HOST\.\n$/)
})

for (const [where, below] of [
  ['a file', ''],
  ['below a file', 'data'],
] as const) {
  test(`a start with a data folder that is ${where} names LAYERGATE_DATA_DIR`, async (t) => {
    const file = join(await temporaryFolder(t), 'file')
    await writeFile(file, '')
    const path = join(file, below)
    const { status, words } = await failedStart(t, { LAYERGATE_DATA_DIR: path })
    assert.equal(status, 1)
    assert.match(words, /^layergate could not start: .* See LAYERGATE_DATA_DIR\.\n$/)
    assert.ok(words.includes(path))
  })
}

test('a start with the journal of a newer version says so in one line', async (t) => {
  const folder = await temporaryFolder(t)
  const journal = new DatabaseSync(join(folder, 'journal.sqlite'))
  journal.exec('PRAGMA user_version = 1000')
  journal.close()
  const { status, words } = await failedStart(t, { LAYERGATE_DATA_DIR: folder })
  assert.equal(status, 1)
  assert.match(words, /^layergate could not start: .* newer version .* See LAYERGATE_DATA_DIR\.\n$/)
})

test('a start with a journal that is none says so in one line', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'journal.sqlite'), 'not a database '.repeat(100))
  const { status, words } = await failedStart(t, { LAYERGATE_DATA_DIR: folder })
  assert.equal(status, 1)
  assert.match(words, /^layergate could not start: .*not a database.* See LAYERGATE_DATA_DIR\.\n$/)
})

test('a folder that is held by another is a reason not to start, in one sentence', async (t) => {
  const options = {
    dataDir: await temporaryFolder(t),
    lockWaitMs: 0,
    log() {},
    onFailure(error: Error) {
      throw error
    },
  }
  const holder = await openEmbeddedStorage(options)
  t.after(() => holder.close())
  const thrown = await openEmbeddedStorage(options).catch(asStorageError)
  assert.ok(thrown instanceof StartError)
  assert.match(
    thrown.message,
    /could not start: Another process holds .*\. See LAYERGATE_DATA_DIR\.$/,
  )
})

for (const bug of [
  new TypeError('It is not a function.'),
  new Error('The worker failed.', { cause: new TypeError('It is not a function.') }),
  Object.assign(new Error('It is closed.'), { code: 'ERR_SERVER_NOT_RUNNING' }),
]) {
  test(`"${bug.message}" (${bug.name}) stays what it is, with its stack`, () => {
    assert.equal(asStorageError(bug), bug)
    assert.equal(asListenError(bug, 'LAYERGATE_PORT'), bug)
  })
}
