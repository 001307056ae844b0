import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, test, type TestContext } from 'node:test'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { isUploadId } from '../../src/registry/upload-id.ts'
import { layerOf, storedBytes } from './support/layers.ts'
import { type LogLine, openStorage, temporaryFolder } from './support/storage.ts'

const never = new AbortController().signal

/** A process that holds `dataDir` and has stored one of everything in it. */
async function storageProcess(t: TestContext, dataDir: string) {
  const child = fork(new URL('./support/storage-process.ts', import.meta.url), [dataDir], {
    execArgv: [],
  })
  t.after(() => kill(child))
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => assert.fail(`The process exited with code ${code}.`)),
  ])
  return { child, uploadId: String(message.id) }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

describe('a process that is killed', () => {
  test('leaves everything behind that it acknowledged', async (t) => {
    const dataDir = await temporaryFolder(t)
    const { child, uploadId } = await storageProcess(t, dataDir)
    await kill(child)
    const lines: LogLine[] = []
    const { spool, sessions, forwards } = await openStorage(t, { dataDir, lines })

    const sealed = Buffer.alloc(100, 's')
    const flushed = Buffer.alloc(200, 'f')
    assert.deepEqual(await storedBytes(spool, layerOf(sealed)), sealed)
    assert.equal((await sessions.open()).length, 2)
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

  test('holds its folder against others while it lives', async (t) => {
    const dataDir = await temporaryFolder(t)
    await storageProcess(t, dataDir)

    await assert.rejects(openStorage(t, { dataDir, lockWaitMs: 10 }), (error) => {
      assert(error instanceof Error)
      assert(error.message.includes(dataDir))
      assert.match(error.message, /Another process holds .* did not let go for 10 ms/)
      return true
    })
  })

  test('lets go of its folder to one that waits for it', async (t) => {
    const dataDir = await temporaryFolder(t)
    const { child } = await storageProcess(t, dataDir)
    const waiting = openStorage(t, { dataDir, lockWaitMs: 60_000 })
    await kill(child)

    const { sessions } = await waiting
    assert.equal((await sessions.open()).length, 2)
  })
})
