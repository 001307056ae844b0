import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createInspector, type InspectorOptions } from '../../src/inspect/inspector.ts'
import { defaultLimits } from '../../src/inspect/limits.ts'
import type { KnownCopies } from '../../src/layers/inspector.ts'
import { unexamined } from '../../src/registry/findings.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { flipped, tarOf } from '../support/archives.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

const tar = tarOf({ 'etc/motd': layerBytes(2000) })
const gzip = gzipSync(tar)
const never = new AbortController().signal
const agent = 'ci'
const nothing: KnownCopies = { hasGoodCopy: false, isOtherLayer: false }

async function inspecting(t: TestContext, options: Partial<InspectorOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'inspector-'))
  const paths = new Map<string, string>()
  const failures: unknown[] = []
  const inspector = createInspector({
    limits: defaultLimits,
    locate: (bytes) => paths.get(bytes),
    inspectWaitMs: 20_000,
    diagnosisLimitMs: 60_000,
    onFailure: (error) => failures.push(error),
    ...options,
  })
  t.after(async () => {
    await inspector.close()
    await rm(folder, { recursive: true })
  })
  async function store(bytes: Uint8Array) {
    const id = newUploadId()
    const path = join(folder, id)
    await writeFile(path, bytes)
    paths.set(id, path)
    paths.set(digestOf(bytes), path)
    return { id, path, received: { digest: digestOf(bytes), sizeBytes: bytes.length } }
  }
  return { inspector, store, failures }
}

test('a layer is inspected in another thread', async (t) => {
  const { inspector, store, failures } = await inspecting(t)
  const { id, received } = await store(gzip)
  const { diffId, contents, flaw } = await inspector.inspect(id, received)
  assert.deepEqual([diffId, contents, flaw], [digestOf(tar), 'tar', undefined])
  assert.deepEqual(failures, [])
})

test('the diff_id of a layer that is not compressed is its digest', async (t) => {
  const { inspector, store } = await inspecting(t)
  const { id, received } = await store(tar)
  assert.equal((await inspector.inspect(id, received)).diffId, received.digest)
})

test('a layer is followed while it grows', async (t) => {
  const { inspector, store } = await inspecting(t)
  const { id, path } = await store(gzip.subarray(0, 100))
  await inspector.follow(id, 100, never)
  await appendFile(path, gzip.subarray(100))
  const received = { digest: digestOf(gzip), sizeBytes: gzip.length }
  assert.equal((await inspector.inspect(id, received)).diffId, digestOf(tar))
})

test('an upload far ahead of its inspection waits, until that is over', async (t) => {
  const { inspector, store } = await inspecting(t)
  const { id } = await store(gzip)
  await inspector.follow(id, 1, never)
  let isWaiting = true
  const waiting = inspector.follow(id, 1e9, never).finally(() => {
    isWaiting = false
  })
  await inspector.inspect((await store(tar)).id, { digest: digestOf(tar), sizeBytes: tar.length })
  assert.equal(isWaiting, true)
  inspector.forget(id)
  await waiting
})

test('an inspection that takes too long is not waited for', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { inspector, store } = await inspecting(t)
  const { id, received } = await store(gzip)
  const looking = inspector.inspect(id, received)
  t.mock.timers.tick(20_000)
  assert.deepEqual(await looking, unexamined('time'))
})

test('a layer that cannot be read is unexamined, why is told, and the next one is inspected', async (t) => {
  const { inspector, store, failures } = await inspecting(t)
  const { id, path, received } = await store(gzip)
  await rm(path)
  assert.deepEqual(await inspector.inspect(id, received), unexamined('failed'))
  assert.match(String(failures[0]), /ENOENT/)
  const other = await store(gzip)
  assert.equal((await inspector.inspect(other.id, other.received)).diffId, digestOf(tar))
})

test('a layer of another size than was received is unexamined', async (t) => {
  const { inspector, store } = await inspecting(t)
  const { id, received } = await store(gzip)
  const longer = { ...received, sizeBytes: received.sizeBytes + 1 }
  assert.deepEqual(await inspector.inspect(id, longer), unexamined('failed'))
})

test('a mismatch is diagnosed, with the good copy that lies here', async (t) => {
  const { inspector, store } = await inspecting(t)
  await store(gzip)
  const { id, received } = await store(flipped(gzip, 40))
  const findings = await inspector.inspect(id, received)
  const mismatch = { id, agent, received, expected: digestOf(gzip), findings }
  const known = { ...nothing, hasGoodCopy: true }
  assert.equal((await inspector.diagnose({ ...mismatch, known })).cause, 'bit_flips')
  // The copy is known to be there only to who may pull it.
  assert.equal((await inspector.diagnose({ ...mismatch, known: nothing })).cause, 'unknown')
})

test('the diagnosis of a large layer keeps nobody waiting for that of a small one', async (t) => {
  const { inspector, store } = await inspecting(t)
  const expected = digestOf(Buffer.from('another layer'))
  const ended: string[] = []
  async function diagnose(name: string, bytes: Uint8Array) {
    const { id, received } = await store(bytes)
    const mismatch = {
      id,
      agent,
      received,
      expected,
      findings: unexamined('bytes'),
      known: nothing,
    }
    return async () => {
      await inspector.diagnose(mismatch)
      ended.push(name)
    }
  }
  const lineEnd = Buffer.from('\n')
  const large = await diagnose('large', Buffer.concat([layerBytes(64 * 1024 * 1024), lineEnd]))
  const small = await diagnose('small', Buffer.concat([layerBytes(1024), lineEnd]))
  await Promise.all([large(), small()])
  assert.deepEqual(ended, ['small', 'large'])
})

test('of sixty mismatches at once each is diagnosed', async (t) => {
  const { inspector, store, failures } = await inspecting(t)
  const cut = await store(gzip.subarray(0, -100))
  const findings = await inspector.inspect(cut.id, cut.received)
  const mismatch = { ...cut, agent, expected: digestOf(gzip), findings, known: nothing }
  const found = await Promise.all(Array.from({ length: 60 }, () => inspector.diagnose(mismatch)))
  assert.deepEqual(new Set(found.map(({ cause }) => cause)), new Set(['truncated']))
  assert.deepEqual(failures, [])
})

test('where nothing was inspected a diagnosis looks by itself', async (t) => {
  const { inspector, store } = await inspecting(t)
  const { id, received } = await store(gzip)
  const findings = unexamined('off')
  const mismatch = { id, agent, received, expected: digestOf(tar), findings, known: nothing }
  assert.equal((await inspector.diagnose(mismatch)).cause, 'diff_id_given')
})

test('bytes that cannot be read have no cause that could be proved', async (t) => {
  const { inspector, store, failures } = await inspecting(t)
  const { id, path, received } = await store(gzip)
  await rm(path)
  const findings = unexamined('off')
  const mismatch = { id, agent, received, expected: digestOf(tar), findings, known: nothing }
  const { cause, evidence } = await inspector.diagnose(mismatch)
  assert.deepEqual([cause, evidence], ['unknown', { receivedBytes: gzip.length }])
  assert.equal(failures.length, 1)
})

test('a diagnosis that the end of the service cuts short says so, and is no failure', async (t) => {
  const { inspector, store, failures } = await inspecting(t)
  const { id, received } = await store(layerBytes(64 * 1024 * 1024))
  const findings = unexamined('bytes')
  const mismatch = { id, agent, received, expected: digestOf(tar), findings, known: nothing }
  const looking = inspector.diagnose(mismatch)
  await inspector.close()
  const { cause, evidence } = await looking
  assert.deepEqual([cause, evidence['cutShort']], ['unknown', 1])
  assert.deepEqual(failures, [])
})

test('what is under way when the inspector closes is unexamined, and nothing hangs', async (t) => {
  const { inspector, store } = await inspecting(t)
  const { id, received } = await store(gzip)
  const all = [
    inspector.inspect(id, received),
    inspector.follow(newUploadId(), 1e9, never),
  ] as const
  await inspector.close()
  const [found] = await Promise.all(all)
  assert.deepEqual(found, unexamined('failed'))
  assert.deepEqual(await inspector.inspect(id, received), unexamined('failed'))
})
