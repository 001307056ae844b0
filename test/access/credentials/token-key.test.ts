import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadTokenKey } from '../../../src/access/credentials/token-key.ts'

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-key-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('the key is made once, and is the same from then on', async (t) => {
  const path = join(await emptyFolder(t), 'token.key')
  const first = await loadTokenKey(path)
  const second = await loadTokenKey(path)
  assert.ok(first.equals(second))
  assert.equal(first.symmetricKeySize, 32)
})

test('nobody else may read it', async (t) => {
  const folder = await emptyFolder(t)
  await loadTokenKey(join(folder, 'token.key'))
  const { mode } = await stat(join(folder, 'token.key'))
  assert.equal(mode & 0o777, 0o600)
  assert.deepEqual(await readdir(folder), ['token.key'])
})

test('two folders have two keys', async (t) => {
  const one = await loadTokenKey(join(await emptyFolder(t), 'token.key'))
  const other = await loadTokenKey(join(await emptyFolder(t), 'token.key'))
  assert.ok(!one.equals(other))
})

test('what a crash left half written is replaced', async (t) => {
  const folder = await emptyFolder(t)
  await writeFile(join(folder, 'token.key.new'), 'half', { mode: 0o644 })
  await loadTokenKey(join(folder, 'token.key'))
  assert.deepEqual(await readdir(folder), ['token.key'])
  assert.equal((await stat(join(folder, 'token.key'))).mode & 0o777, 0o600)
})

test('a file that is no key is refused, and stays as it is', async (t) => {
  const path = join(await emptyFolder(t), 'token.key')
  await writeFile(path, 'short')
  await assert.rejects(loadTokenKey(path), (error: Error) => error.message.includes(path))
  assert.equal(await readFile(path, 'utf8'), 'short')
})

test('a folder that is not there is named', async (t) => {
  const path = join(await emptyFolder(t), 'missing', 'token.key')
  await assert.rejects(loadTokenKey(path), (error: Error) => error.message.includes(path))
})

test('a path that cannot be read is no reason to make a new key', async (t) => {
  const folder = await emptyFolder(t)
  await assert.rejects(loadTokenKey(folder), /cannot be read/)
})
