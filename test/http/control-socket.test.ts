import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { umask } from 'node:process'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import {
  controlSocketPath,
  openControlSocket,
  socketPathMaxBytes,
} from '../../src/http/control/control-socket.ts'
import { buildControlApp } from '../../src/http/control-app.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'

async function setup(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'layergate-'))
  const lines: string[] = []
  const logger = createLogger('debug', { write: (line) => void lines.push(line) })
  const journal = createMemoryJournal()
  const app = buildControlApp({
    journal,
    observer: { observe: () => undefined },
    logger,
    now: () => new Date(),
  })
  t.after(async () => {
    await app.close()
    await rm(dataDir, { recursive: true })
  })
  return {
    app,
    dataDir,
    socketPath: controlSocketPath(dataDir),
    logs: () => lines.map((line) => JSON.parse(line)),
    warnings: () => lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn'),
  }
}

async function statusOf(socketPath: string, path: string): Promise<number | undefined> {
  const sent = request({ socketPath, path, agent: false }).end()
  const [response] = await once(sent, 'response')
  await text(response)
  return response.statusCode
}

function permissionsOf({ mode }: { readonly mode: number }): string {
  return (mode & 0o777).toString(8)
}

/** What a process that is killed leaves behind. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer().listen(`${path}.made`)
  await once(server, 'listening')
  await rename(`${path}.made`, path)
  server.close()
  await once(server, 'close')
  assert.ok((await stat(path)).isSocket())
}

test('the socket answers, and nothing else lies in the folder', async (t) => {
  const { app, dataDir, socketPath, logs } = await setup(t)
  const close = await openControlSocket(app, dataDir)
  assert.equal(await statusOf(socketPath, '/v1/other'), 404)
  assert.deepEqual(await readdir(dataDir), ['control.sock'])
  assert.deepEqual(
    logs().map(({ level, msg }) => [level, msg]),
    [['info', `bound ${socketPath}`]],
  )
  await close()
})

test('the socket is private, whatever the umask, and before it can be reached', async (t) => {
  const { app, dataDir, socketPath } = await setup(t)
  const before = umask(0)
  t.after(() => umask(before))
  const madeIn: string[] = []
  app.server.on('listening', () => {
    const made = app.server.address()
    assert.ok(typeof made === 'string')
    madeIn.push(permissionsOf(statSync(dirname(made))))
    assert.equal(existsSync(socketPath), false)
  })
  const close = await openControlSocket(app, dataDir)
  assert.deepEqual(madeIn, ['700'])
  assert.equal(permissionsOf(await stat(socketPath)), '600')
  await close()
})

test('the socket of a process that was killed is replaced', async (t) => {
  const { app, dataDir, socketPath, warnings } = await setup(t)
  await leaveSocket(socketPath)
  await mkdir(join(dataDir, '.control'))
  await writeFile(join(dataDir, '.control', 's'), '')
  const close = await openControlSocket(app, dataDir)
  assert.equal(await statusOf(socketPath, '/v1/other'), 404)
  assert.deepEqual(warnings(), [])
  await close()
})

test('it is gone when it is closed, and may be gone before', async (t) => {
  const { app, dataDir, socketPath, warnings } = await setup(t)
  const close = await openControlSocket(app, dataDir)
  await close()
  assert.deepEqual(await readdir(dataDir), [])

  const again = await setup(t)
  const closeAgain = await openControlSocket(again.app, again.dataDir)
  await rm(again.socketPath)
  await closeAgain()
  assert.deepEqual([...warnings(), ...again.warnings()], [])
  await assert.rejects(statusOf(socketPath, '/'), { code: 'ENOENT' })
})

test('a path that is as long as a socket may have is served', async (t) => {
  const { app, dataDir } = await setup(t)
  const folder = folderWithSocketPathOf(dataDir, socketPathMaxBytes)
  await mkdir(folder, { recursive: true })
  const close = await openControlSocket(app, folder)
  assert.equal(await statusOf(controlSocketPath(folder), '/v1/other'), 404)
  await close()
})

test('a longer one is a warning that names the limit, and nothing is made', async (t) => {
  const { app, dataDir, warnings } = await setup(t)
  const folder = folderWithSocketPathOf(dataDir, socketPathMaxBytes + 1)
  await mkdir(folder, { recursive: true })
  const close = await openControlSocket(app, folder)
  assert.deepEqual(
    warnings().map(({ msg, path, err }) => [msg, path, err.message]),
    [
      [
        'control.sock could not be opened: no command reaches it',
        controlSocketPath(folder),
        `The path of a socket has ${socketPathMaxBytes} bytes at most, and this one ${socketPathMaxBytes + 1}.`,
      ],
    ],
  )
  assert.deepEqual(await readdir(folder), [])
  await close()
})

test('what cannot be replaced is a warning, and no socket stays open', async (t) => {
  const { app, dataDir, socketPath, warnings } = await setup(t)
  await mkdir(socketPath)
  const close = await openControlSocket(app, dataDir)
  assert.equal(warnings().length, 1)
  assert.equal(app.server.listening, false)
  assert.deepEqual(await readdir(dataDir), ['control.sock'])
  await close()
  assert.ok((await stat(socketPath)).isDirectory())
})

test('a folder that is gone is a warning', async (t) => {
  const { app, dataDir, warnings } = await setup(t)
  const close = await openControlSocket(app, join(dataDir, 'gone'))
  assert.deepEqual(
    warnings().map(({ err }) => err.code),
    ['ENOENT'],
  )
  await close()
})

function folderWithSocketPathOf(dataDir: string, sizeBytes: number): string {
  const rest = sizeBytes - Buffer.byteLength(controlSocketPath(join(dataDir, 'x'))) + 1
  return join(dataDir, 'x'.repeat(rest))
}
