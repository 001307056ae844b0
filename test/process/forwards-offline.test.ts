import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ForwardKey } from '../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { type EmbeddedStorage, openEmbeddedStorage } from '../../src/storage/embedded.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { forwards, forwardsWith } from './support/forwards-command.ts'

const asked = 'No service runs on this data folder, so the folder itself was asked.\n'
const never = new AbortController().signal
const denied = { code: 'upstream_credentials', detail: 'It may not.' } as const
const broken = { code: 'malformed_tar', detail: 'It is cut off.' } as const

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

function open(dataDir: string): Promise<EmbeddedStorage> {
  return openEmbeddedStorage({
    dataDir,
    lockWaitMs: 0,
    log() {},
    onFailure(error) {
      throw error
    },
  })
}

function keyOf(seed: number): ForwardKey {
  const repository = parseRepositoryName('team/app')
  return { registry: 'aws/default', repository, digest: digestOf(layerBytes(10, seed)) }
}

/** A folder that no service holds, with so many parked forwards. */
async function folderWithParked(t: TestContext, count: number): Promise<string> {
  const dataDir = await temporaryFolder(t)
  const storage = await open(dataDir)
  for (let seed = 1; seed <= count; seed += 1) await storage.forwards.record(keyOf(seed), 'ci', 10)
  for (let seed = 1; seed <= count; seed += 1) {
    await (await storage.forwards.claim(never)).park(denied, 1, new Date(8e12))
  }
  await storage.close()
  return dataDir
}

/** How the forwards stand afterwards. */
async function statesIn(dataDir: string): Promise<readonly string[]> {
  const storage = await open(dataDir)
  const unpaid = await storage.forwards.unpaid(100)
  await storage.close()
  return unpaid.map(({ state }) => state)
}

test('where no service runs, the folder is asked, and given free again', async (t) => {
  const dataDir = await folderWithParked(t, 2)
  const list = await forwards(t, dataDir, 'list')
  assert.equal(list.status, 0)
  assert.equal(list.stderr, asked)
  for (const seed of [1, 2]) assert.ok(list.stdout.includes(keyOf(seed).digest))
  assert.deepEqual(await statesIn(dataDir), ['parked', 'parked'])
})

test('a debt can be dropped where no service runs', async (t) => {
  const dataDir = await folderWithParked(t, 2)
  const args = [keyOf(1).digest, '--repository', 'team/app'] as const
  assert.equal((await forwards(t, dataDir, 'drop', ...args, '--registry', 'other')).status, 1)
  assert.deepEqual(await statesIn(dataDir), ['parked', 'parked'])
  const drop = await forwards(t, dataDir, 'drop', ...args, '--registry', 'aws/default')
  assert.equal(drop.status, 0)
  assert.equal(drop.stderr, asked)
  assert.match(drop.stdout, /is dropped\./)
  assert.deepEqual(await statesIn(dataDir), ['parked'])
  const again = await forwards(t, dataDir, 'drop', ...args)
  assert.equal(again.status, 1)
  assert.match(again.stderr, /^Nothing is owed of/)
})

test('what is retried where no service runs is owed at its next start', async (t) => {
  const dataDir = await folderWithParked(t, 2)
  const retry = await forwards(t, dataDir, 'retry', '--all')
  assert.equal(retry.status, 0)
  assert.equal(retry.stdout, '2 parked forwards are tried again at the next start.\n')
  assert.deepEqual(await statesIn(dataDir), ['owed', 'owed'])
})

test('what is held where no service runs is listed, and sent at its next start', async (t) => {
  const dataDir = await temporaryFolder(t)
  const storage = await open(dataDir)
  await storage.forwards.record(keyOf(1), 'ci', 10, broken)
  await storage.close()
  const list = await forwards(t, dataDir, 'list')
  assert.match(list.stdout, /^held .*\n {4}malformed_tar: It is cut off\.$/m)
  const all = await forwards(t, dataDir, 'retry', '--all')
  assert.equal(all.stdout, 'Nothing is parked.\n')
  assert.deepEqual(await statesIn(dataDir), ['held'])
  const args = [keyOf(1).digest, '--repository', 'team/app'] as const
  const retry = await forwards(t, dataDir, 'retry', ...args)
  assert.match(retry.stdout, /is held no more, and sent at the next start\.\n$/)
  assert.deepEqual(await statesIn(dataDir), ['owed'])
})

test('an order is told of in the audit file where no service runs, and a question is not', async (t) => {
  const dataDir = await folderWithParked(t, 2)
  const path = join(await temporaryFolder(t), 'audit.jsonl')
  const env = { LAYERGATE_DATA_DIR: dataDir, LAYERGATE_AUDIT_FILE: path }
  await forwardsWith(t, env, 'list')
  await assert.rejects(readFile(path), /ENOENT/)

  const args = [keyOf(1).digest, '--repository', 'team/app'] as const
  assert.equal((await forwardsWith(t, env, 'retry', ...args)).status, 0)
  assert.equal((await forwardsWith(t, env, 'drop', ...args)).status, 0)
  assert.equal((await forwardsWith(t, env, 'drop', ...args)).status, 1)
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  const told = lines.map((line) => {
    const { time, ...rest } = JSON.parse(line)
    assert.ok(Date.parse(time) > 0)
    return rest
  })
  const about = { audit: 1, event: 'forward_ordered', agent: 'ci', sizeBytes: 10, ...keyOf(1) }
  assert.deepEqual(told, [
    { ...about, order: 'retry' },
    { ...about, order: 'drop' },
  ])
})

test('an order that could not be told of in the audit file is not carried out', async (t) => {
  const dataDir = await folderWithParked(t, 1)
  const env = { LAYERGATE_DATA_DIR: dataDir, LAYERGATE_AUDIT_FILE: join(dataDir, 'gone', 'audit') }
  const { status, stdout, stderr } = await forwardsWith(t, env, 'retry', '--all')
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^The audit file cannot be opened: ENOENT.* See LAYERGATE_AUDIT_FILE\.\n$/)
  assert.deepEqual(await statesIn(dataDir), ['parked'])
})

test('a folder that is held without a socket is told of, and left alone', async (t) => {
  const dataDir = await folderWithParked(t, 1)
  const holder = await open(dataDir)
  t.after(() => holder.close())
  const list = await forwards(t, dataDir, 'list')
  assert.equal(list.status, 1)
  assert.equal(list.stdout, '')
  assert.equal(
    list.stderr,
    `A service holds ${dataDir}, but its control.sock cannot be reached: it is not there. The log of the service may say more.\n`,
  )
})

test('a journal that is none is told of without a stack', async (t) => {
  const dataDir = await temporaryFolder(t)
  await writeFile(join(dataDir, 'journal.sqlite'), 'not a database '.repeat(100))
  const list = await forwards(t, dataDir, 'list')
  assert.equal(list.status, 1)
  assert.match(
    list.stderr,
    /^No service answers on control\.sock in .*, and the folder cannot be opened: .*not a database.*\n$/,
  )
})

test('a folder that is not there, or not ours, is told of, and nothing is made in it', async (t) => {
  const folder = await temporaryFolder(t)
  for (const dataDir of [folder, join(folder, 'gone')]) {
    for (const args of [['list'], ['retry', '--all']]) {
      const { status, stdout, stderr } = await forwards(t, dataDir, ...args)
      assert.equal(status, 1)
      assert.equal(stdout, '')
      assert.match(stderr, /^There is no data folder .*ENOENT.*\. See LAYERGATE_DATA_DIR\.\n$/)
    }
  }
  assert.deepEqual(await readdir(folder), [])
})

const { digest } = keyOf(1)
for (const [args, words] of [
  [[], /^Usage: layergate forwards list/],
  [['forget'], /^Usage: layergate forwards list/],
  [['list', 'everything'], /^Unknown argument "everything"\.\n$/],
  [['list', '--all'], /--all/],
  [['list', '--limit', 'many'], /^limit must be a whole number from 1 to 10000, not "many"\.\n$/],
  [['retry'], /^The digest of the layer is missing\.\n$/],
  [['retry', digest], /^--repository is missing\.\n$/],
  [['retry', '--all', digest], /^--all is everything that is parked/],
  [['retry', '--all', '--repository', 'team/app'], /^--all is everything that is parked/],
  [['retry', '--all', '--registry', 'x'], /^--all is everything that is parked/],
  [['drop', '--all'], /--all/],
  [['drop', digest, digest, '--repository', 'team/app'], /^Unknown argument "sha256/],
  [['drop', 'sha256:00', '--repository', 'team/app'], /^"sha256:00" is not a digest\.\n$/],
  [['drop', digest, '--repository', 'A'], /^"A" is not a repository name\.\n$/],
] as const) {
  test(`forwards ${args.join(' ')} makes no sense`, async (t) => {
    const dataDir = await folderWithParked(t, 1)
    const { status, stdout, stderr } = await forwards(t, dataDir, ...args)
    assert.equal(status, 2)
    assert.equal(stdout, '')
    assert.match(stderr, words)
    assert.deepEqual(await statesIn(dataDir), ['parked'])
  })
}

test('forwards --help shows the usage', async (t) => {
  const help = await forwards(t, await temporaryFolder(t), '--help')
  assert.equal(help.status, 0)
  assert.match(help.stdout, /^Usage: layergate forwards list/)
})

test('a reader that leaves early is no failure', async (t) => {
  const dataDir = await folderWithParked(t, 500)
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const line = '"$1" "$2" forwards list --json --limit 500 | head -n 1'
  const { stdout, stderr } = spawnSync('sh', ['-c', line, 'sh', process.execPath, main], {
    env: { PATH: '/usr/bin:/bin', LAYERGATE_DATA_DIR: dataDir },
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(stdout, '[\n')
  assert.equal(stderr, asked)
})
