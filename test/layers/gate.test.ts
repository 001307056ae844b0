import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createGate, type Gate } from '../../src/layers/gate.ts'
import type { Spool } from '../../src/layers/spool.ts'
import { openVerified, type VerifiedLayer } from '../../src/layers/verified-layer.ts'
import { sha256Digest } from '../../src/registry/digest.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { openStorage, temporaryFolder } from '../storage/support/storage.ts'
import { codeIs } from '../support/code-is.ts'
import { admitLayer, condemnLayer, digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { storeLayer, withDamage } from '../support/stored-layer.ts'

const never = new AbortController().signal

/** Counts how often stored bytes are opened. */
function countingOpens(spool: Spool) {
  let opens = 0
  const counted: Spool = {
    ...spool,
    open(digest) {
      opens += 1
      return spool.open(digest)
    },
  }
  return { spool: counted, opens: () => opens }
}

/** A spool whose first read never comes to its end by itself. */
function abortingOnRead(spool: Spool, controller: AbortController, reason: Error): Spool {
  return {
    ...spool,
    async open(digest) {
      const reader = await spool.open(digest)
      return {
        sizeBytes: reader.sizeBytes,
        async read(target, position) {
          controller.abort(reason)
          return reader.read(target.subarray(0, 1), position)
        },
        condemn: () => reader.condemn(),
        [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
      }
    },
  }
}

/** In the only file of `folder`, whose size stays. */
async function changeOneBit(folder: string): Promise<void> {
  const [name = '', ...others] = await readdir(folder)
  assert.deepEqual(others, [])
  const bytes = await readFile(join(folder, name))
  bytes[500] = (bytes[500] ?? 0) ^ 1
  await writeFile(join(folder, name), bytes)
}

test('bytes of another digest are refused, with both sides and the sizes, and seal nothing', async () => {
  const spool = createMemorySpool()
  const id = newUploadId()
  await using writer = await spool.create(id, 0)
  await writer.write(layerBytes(10, 1))
  await writer.flush()
  const received = { digest: digestOf(layerBytes(10, 1)), sizeBytes: 10 }
  const expected = digestOf(layerBytes(10, 2))

  await assert.rejects(createGate(spool).admit(id, received, expected), {
    name: 'LayergateError',
    code: 'digest_mismatch',
    facts: {
      expected: { digest: expected },
      actual: received,
      diagnosis: {
        cause: 'unknown',
        evidence: { receivedBytes: 10 },
        advice: 'Compare the size with that of the file on the agent, and hash the file there.',
      },
    },
  })
  assert.equal(await spool.find(expected), undefined)
  assert.equal(await spool.find(received.digest), undefined)
})

test('a layer that could not be sealed is not minted', async () => {
  const spool = createMemorySpool()
  const gate = createGate({
    ...spool,
    seal: () => Promise.reject(new Error('the disk is gone')),
  })
  const bytes = layerBytes(10)
  await assert.rejects(admitLayer(spool, gate, bytes), /the disk is gone/)
  await assert.rejects(gate.restore(digestOf(bytes), never), codeIs('spool_damaged'))
})

test('a layer that this process verified is restored without being read again', async () => {
  const { spool, opens } = countingOpens(createMemorySpool())
  const { gate, layer } = await storeLayer(layerBytes(10), spool)
  assert.equal(await gate.restore(layer.digest, never), layer)
  assert.equal(opens(), 0)
})

test('a layer of an earlier process is hashed again, once, and then opens its bytes', async () => {
  const counting = countingOpens(createMemorySpool())
  const { bytes, layer } = await storeLayer(layerBytes(3 * 1024 * 1024 + 1), counting.spool)
  const gate = createGate(counting.spool)

  const restored = await gate.restore(layer.digest, never)
  assert.deepEqual([restored.digest, restored.sizeBytes], [layer.digest, bytes.length])
  assert.equal(await gate.restore(layer.digest, never), restored)
  assert.equal(counting.opens(), 1)
  await using reader = await openVerified(restored)
  assert.equal(reader.sizeBytes, bytes.length)
})

test('of more than 10,000 layers the older ones are hashed again', async () => {
  const digests = Array.from({ length: 10_001 }, (_, index) =>
    sha256Digest(index.toString(16).padStart(64, '0')),
  )
  const unreadable = new Error('unreadable')
  const gate = createGate({
    ...createMemorySpool(),
    seal: async () => {},
    find: async (digest) => ({ digest, sizeBytes: 1 }),
    open: () => Promise.reject(unreadable),
  })
  for (const digest of digests) await gate.admit(newUploadId(), { digest, sizeBytes: 1 }, digest)
  const [oldest, second] = digests
  assert.ok(oldest && second)
  await assert.rejects(gate.restore(oldest, never), unreadable)
  assert.equal((await gate.restore(second, never)).digest, second)
})

test('a layer that the spool lost is not restored', async () => {
  const gate = createGate(createMemorySpool())
  const { digest } = (await storeLayer()).layer
  await assert.rejects(gate.restore(digest, never), codeIs('spool_damaged'))
})

test('a layer that was evicted is not restored either, although this process verified it', async () => {
  const { spool, gate, layer } = await storeLayer()
  await condemnLayer(spool, layer.digest)
  await assert.rejects(gate.restore(layer.digest, never), codeIs('spool_damaged'))
})

test('changed bytes are found when a layer is restored, and dropped', async () => {
  const { spool, layer } = await storeLayer()
  await assert.rejects(
    createGate(withDamage(spool)).restore(layer.digest, never),
    codeIs('spool_damaged'),
  )
  assert.equal(await spool.find(layer.digest), undefined)
})

test('a layer that comes again after its bytes changed on disk opens the good bytes', async (t) => {
  const dataDir = await temporaryFolder(t)
  const before = await openStorage(t, { dataDir })
  const { bytes } = await storeLayer(layerBytes(1000), before.spool)
  await before.close()
  await changeOneBit(join(dataDir, 'uploads'))
  const { spool } = await openStorage(t, { dataDir })

  const { gate, layer } = await storeLayer(bytes, spool)
  for (const minted of [layer, await gate.restore(layer.digest, never)]) {
    await using reader = await openVerified(minted)
    const stored = Buffer.alloc(bytes.length)
    assert.equal(await reader.read(stored, 0), bytes.length)
    assert.deepEqual(stored, bytes)
  }
  assert.equal(await gate.recheck(layer, never), true)
})

test('bytes that end too early are found when a layer is restored, and dropped', async () => {
  const { spool, layer } = await storeLayer()
  const cutOff: Spool = {
    ...spool,
    async open(digest) {
      return { ...(await spool.open(digest)), read: async () => 0 }
    },
  }
  await assert.rejects(createGate(cutOff).restore(layer.digest, never), codeIs('spool_damaged'))
  assert.equal(await spool.find(layer.digest), undefined)
})

test('a recheck finds good bytes good and keeps them', async () => {
  const { spool, gate, layer } = await storeLayer()
  assert.equal(await gate.recheck(layer, never), true)
  assert.notEqual(await spool.find(layer.digest), undefined)
})

test('a recheck finds changed bytes, drops them, and the gate forgets the layer', async () => {
  const spool = createMemorySpool()
  const { gate, layer, bytes } = await storeLayer(layerBytes(10), withDamage(spool))
  assert.equal(await gate.recheck(layer, never), false)
  assert.equal(await spool.find(layer.digest), undefined)
  await assert.rejects(gate.restore(layer.digest, never), codeIs('spool_damaged'))

  await storeLayer(bytes, spool)
  await assert.rejects(gate.restore(layer.digest, never), codeIs('spool_damaged'))
})

test('a recheck of bytes that are gone says so', async () => {
  const { spool, gate, layer } = await storeLayer()
  await condemnLayer(spool, layer.digest)
  await assert.rejects(gate.recheck(layer, never), codeIs('spool_damaged'))
})

for (const [what, hash] of Object.entries({
  'a restore': (gate: Gate, { digest }: VerifiedLayer, signal: AbortSignal) =>
    gate.restore(digest, signal),
  'a recheck': (gate: Gate, layer: VerifiedLayer, signal: AbortSignal) =>
    gate.recheck(layer, signal),
})) {
  test(`an abort ends ${what} with its reason, and nothing is dropped or left open`, async () => {
    const bytes = layerBytes(1000)
    const { spool, layer } = await storeLayer(bytes, createMemorySpool({ capacityBytes: 1000 }))
    const controller = new AbortController()
    const reason = new Error('stop')
    const gate = createGate(abortingOnRead(spool, controller, reason))
    await assert.rejects(hash(gate, layer, controller.signal), reason)
    assert.notEqual(await spool.find(layer.digest), undefined)
    assert.equal(await spool.evict(1000, async () => true), 1000, 'no reader is open')
  })
}

test('a damaged copy that was sealed again meanwhile does not take the newer bytes with it', async () => {
  const spool = createMemorySpool()
  const bytes = layerBytes(100)
  const damaged = withDamage(spool)
  const { layer } = await storeLayer(bytes, spool)
  let isSealedAgain = false
  const gate = createGate({
    ...spool,
    async open(digest) {
      if (isSealedAgain) return spool.open(digest)
      const reader = await damaged.open(digest)
      isSealedAgain = true
      await storeLayer(bytes, spool)
      return reader
    },
  })
  assert.equal((await gate.restore(layer.digest, never)).digest, layer.digest)
  assert.deepEqual(await spool.find(layer.digest), { digest: layer.digest, sizeBytes: 100 })
})
