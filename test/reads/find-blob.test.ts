import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLayerCache } from '../../src/layers/layer-cache.ts'
import { forwardKey, type Target } from '../../src/publish/acceptance.ts'
import type { ForwardJournal, ForwardKey } from '../../src/publish/forward-journal.ts'
import { createFindBlob } from '../../src/reads/find-blob.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { codeIs } from '../support/code-is.ts'
import {
  blobLocation,
  createFakeCatalog,
  type FakeCatalogOptions,
} from '../support/fake-catalog.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { condemnLayer, digestOf, layerBytes } from '../support/layers.ts'
import { manualClock } from '../support/manual-clock.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { nextTurn } from '../support/next-turn.ts'
import { storeLayer } from '../support/stored-layer.ts'
import { answers, failures, never, otherTargets, targetOf } from './setup.ts'

const target = targetOf()
const minuteMs = 60_000
const capacityBytes = 4_000
const anywhere = { canPush: true, canPull: () => true }
const sameRegistry = otherTargets.filter(
  ({ destination }) => destination.registry === target.destination.registry,
)

/** A layer in the spool, one that only the registry has, and one that nobody has. */
async function setUp(options: FakeCatalogOptions & { now?: () => Date } = {}) {
  const { spool, layer, bytes } = await storeLayer(
    layerBytes(1_000),
    createMemorySpool({ capacityBytes }),
  )
  const journal = createMemoryJournal()
  const cache = createLayerCache(spool, journal)
  const catalog = createFakeCatalog(options)
  const { now = () => new Date(0) } = options
  const door = { check: async () => {} }
  const ports = { spool, journal, door, cache, catalog, now }
  const remote = digestOf(layerBytes(10, 2))
  catalog.layers.set(remote, 10)
  return {
    ...ports,
    ports,
    held: layer.digest,
    heldBytes: bytes,
    remote,
    nowhere: digestOf(layerBytes(10, 3)),
    record: (to: Target) => journal.record(forwardKey(to, layer.digest), 'ci', layer.sizeBytes),
    blobs: createFindBlob(ports),
  }
}

/** One that can keep whatever it is asked to, and notes what that was. */
function willingCache() {
  const pledged: ForwardKey[] = []
  const pledge = (key: ForwardKey) => pledged.push(key) > 0
  return { cache: { pledge }, pledged }
}

function refusing(failure: (typeof failures)[number]): FakeCatalogOptions {
  return {
    before: () => {
      throw upstreamError(failure)
    },
  }
}

test('a layer that is held, and owed to the repository, is there at once', async () => {
  const { blobs, held, record, catalog } = await setUp(refusing('unavailable'))
  await record(target)
  assert.deepEqual(await blobs.headBlob(target, held, never), { sizeBytes: 1_000 })
  assert.deepEqual(catalog.calls, [])
})

test('a layer that is held for others is not there, unless the registry has it', async () => {
  const { blobs, held, record, catalog } = await setUp()
  for (const other of otherTargets) await record(other)
  assert.equal(await blobs.headBlob(target, held, never), undefined)
  assert.equal(await blobs.getBlob(target, held, never), undefined)
  catalog.layers.set(held, 1_000)
  assert.deepEqual(await blobs.headBlob(target, held, never), { sizeBytes: 1_000 })
  assert.equal((await blobs.getBlob(target, held, never))?.kind, 'redirect')
})

test('a layer of another repository that the agent may read is there, and is kept', async () => {
  const { blobs, held, heldBytes, record, spool, cache, catalog, journal } = await setUp(
    refusing('unavailable'),
  )
  for (const other of sameRegistry) await record(other)
  await paid(journal)
  assert.deepEqual(await blobs.headBlob(target, held, never, anywhere), { sizeBytes: 1_000 })
  assert.equal(await cache.makeRoom(capacityBytes), 0)
  const blob = await blobs.getBlob(target, held, never, anywhere)
  assert.ok(blob?.kind === 'spooled')
  {
    await using reader = blob.reader
    assert.equal(reader.sizeBytes, heldBytes.byteLength)
  }
  assert.deepEqual(catalog.calls, [])
  cache.redeem([forwardKey(target, held)])
  assert.equal(await cache.makeRoom(capacityBytes), 1_000)
  assert.equal(await spool.find(held), undefined)
})

test('bytes that are only read are not kept', async () => {
  const { blobs, held, record, cache, journal } = await setUp()
  for (const other of sameRegistry) await record(other)
  await paid(journal)
  const blob = await blobs.getBlob(target, held, never, anywhere)
  assert.ok(blob?.kind === 'spooled')
  await blob.reader[Symbol.asyncDispose]()
  assert.equal(await cache.makeRoom(capacityBytes), 1_000)
})

test('a layer that the repository itself has is there without being kept', async () => {
  const { blobs, held, record, cache, journal } = await setUp()
  await record(target)
  await paid(journal)
  assert.deepEqual(await blobs.headBlob(target, held, never, anywhere), { sizeBytes: 1_000 })
  assert.equal(await cache.makeRoom(capacityBytes), 1_000)
})

test('a layer that the registry is known to have is there without being kept', async () => {
  const { blobs, held, record, catalog, cache, journal } = await setUp()
  for (const other of sameRegistry) await record(other)
  await paid(journal)
  catalog.layers.set(held, 1_000)
  await blobs.headBlob(target, held, never)
  assert.deepEqual(await blobs.headBlob(target, held, never, anywhere), { sizeBytes: 1_000 })
  assert.equal(await cache.makeRoom(capacityBytes), 1_000)
})

test('a layer of a repository that the agent may not read is not there', async () => {
  const { blobs, held, record } = await setUp()
  const asked: string[] = []
  for (const other of sameRegistry) await record(other)
  const nowhere = {
    canPush: true,
    canPull(repository: string) {
      asked.push(repository)
      return false
    },
  }
  assert.equal(await blobs.headBlob(target, held, never, nowhere), undefined)
  assert.equal(await blobs.getBlob(target, held, never, nowhere), undefined)
  assert.deepEqual(new Set(asked), new Set(sameRegistry.map(({ repository }) => repository)))
})

test('a layer of another registry is not there', async () => {
  const { blobs, held, record } = await setUp()
  for (const other of otherTargets) if (!sameRegistry.includes(other)) await record(other)
  assert.equal(await blobs.headBlob(target, held, never, anywhere), undefined)
  assert.equal(await blobs.getBlob(target, held, never, anywhere), undefined)
})

test('to who may only read, a layer of another repository is not promised, but given', async () => {
  const { blobs, held, record, cache, journal } = await setUp()
  for (const other of sameRegistry) await record(other)
  await paid(journal)
  const reader = { ...anywhere, canPush: false }
  assert.equal(await blobs.headBlob(target, held, never, reader), undefined)
  const blob = await blobs.getBlob(target, held, never, reader)
  assert.ok(blob?.kind === 'spooled')
  await blob.reader[Symbol.asyncDispose]()
  assert.equal(await cache.makeRoom(capacityBytes), 1_000)
})

for (const [code, isThere] of [
  ['repository_unknown', false],
  ['upstream_credentials', true],
] as const) {
  test(`nothing is kept for a repository whose door says ${code}`, async () => {
    const { ports, held, record, cache, journal, catalog } = await setUp()
    for (const other of sameRegistry) await record(other)
    await paid(journal)
    catalog.layers.set(held, 1_000)
    const door = {
      check: async () => {
        throw new LayergateError(code, 'No.')
      },
    }
    const head = createFindBlob({ ...ports, door }).headBlob(target, held, never, anywhere)
    if (isThere) assert.deepEqual(await head, { sizeBytes: 1_000 })
    else await assert.rejects(head, codeIs(code))
    assert.equal(await cache.makeRoom(capacityBytes), 1_000)
  })
}

test('how often the journal is asked does not tell whether bytes lie here', async () => {
  const { ports, journal, held, nowhere, record } = await setUp()
  for (const other of sameRegistry) await record(other)
  let questions = 0
  const blobs = createFindBlob({
    ...ports,
    journal: {
      ofLayer(digest) {
        questions += 1
        return journal.ofLayer(digest)
      },
    },
  })
  const stranger = { canPush: true, canPull: () => false }
  for (const digest of [held, nowhere]) {
    questions = 0
    await blobs.headBlob(target, digest, never, stranger)
    assert.equal(questions, 1)
  }
})

test('a layer that cannot be kept is asked for upstream', async () => {
  const { ports, held, record, catalog } = await setUp()
  for (const other of sameRegistry) await record(other)
  const blobs = createFindBlob({ ...ports, cache: { pledge: () => false } })
  assert.equal(await blobs.headBlob(target, held, never, anywhere), undefined)
  catalog.layers.set(held, 1_000)
  assert.deepEqual(await blobs.headBlob(target, held, never, anywhere), { sizeBytes: 1_000 })
})

test('a layer of another repository that goes at the last moment is not there', async () => {
  const { ports, spool, journal, held, record } = await setUp()
  for (const other of sameRegistry) await record(other)
  const { cache, pledged } = willingCache()
  const blobs = createFindBlob({
    ...ports,
    cache,
    journal: {
      ...journal,
      async ofLayer(digest) {
        await condemnLayer(spool, held)
        return journal.ofLayer(digest)
      },
    },
  })
  assert.equal(await blobs.headBlob(target, held, never, anywhere), undefined)
  assert.deepEqual(pledged, [])
})

test('a layer is open while it is pledged', async () => {
  const { ports, spool, held, record } = await setUp()
  for (const other of sameRegistry) await record(other)
  const evictions: Promise<number>[] = []
  const blobs = createFindBlob({
    ...ports,
    cache: {
      pledge() {
        evictions.push(spool.evict(capacityBytes, async () => true))
        return true
      },
    },
  })
  assert.deepEqual(await blobs.headBlob(target, held, never, anywhere), { sizeBytes: 1_000 })
  assert.deepEqual(await Promise.all(evictions), [0])
})

test('a layer whose forward was given up is kept like one of another repository', async () => {
  const { ports, journal, held, record } = await setUp()
  await record(target)
  const { cache, pledged } = willingCache()
  const blobs = createFindBlob({
    ...ports,
    cache,
    journal: {
      ...journal,
      async ofLayer(digest) {
        const [forward] = await journal.ofLayer(digest)
        return forward ? [{ ...forward, state: 'parked_for_good' as const }] : []
      },
    },
  })
  assert.deepEqual(await blobs.headBlob(target, held, never, anywhere), { sizeBytes: 1_000 })
  assert.deepEqual(pledged, [forwardKey(target, held)])
})

test('a layer that is owed but not held any more is asked for upstream', async () => {
  const { blobs, held, record, spool } = await setUp()
  await record(target)
  await condemnLayer(spool, held)
  assert.equal(await blobs.headBlob(target, held, never), undefined)
  assert.equal(await blobs.getBlob(target, held, never), undefined)
})

test('a layer that the registry has is asked for once in five minutes', async () => {
  let nowMs = 0
  const { blobs, remote, catalog } = await setUp({ now: () => new Date(nowMs) })
  const head = () => blobs.headBlob(target, remote, never)
  assert.deepEqual(await head(), { sizeBytes: 10 })
  nowMs = 3 * minuteMs
  assert.deepEqual(await head(), { sizeBytes: 10 })
  nowMs = 5 * minuteMs - 1
  assert.deepEqual(await head(), { sizeBytes: 10 })
  assert.equal(catalog.calls.length, 1)
  nowMs += 1
  assert.deepEqual(await head(), { sizeBytes: 10 })
  assert.equal(catalog.calls.length, 2)
})

test('a layer that nobody has is asked for each time: it may be sent at any moment', async () => {
  const { blobs, nowhere, catalog } = await setUp()
  assert.equal(await blobs.headBlob(target, nowhere, never), undefined)
  catalog.layers.set(nowhere, 7)
  assert.deepEqual(await blobs.headBlob(target, nowhere, never), { sizeBytes: 7 })
})

test('what is remembered of one repository says nothing of another', async () => {
  const { blobs, remote, catalog } = await setUp()
  await blobs.headBlob(target, remote, never)
  catalog.layers.clear()
  for (const other of otherTargets) {
    assert.equal(await blobs.headBlob(other, remote, never), undefined)
  }
  assert.deepEqual(await blobs.headBlob(target, remote, never), { sizeBytes: 10 })
})

test('what is forgotten is asked for again, and nothing else', async () => {
  const { blobs, remote, nowhere: more, catalog } = await setUp()
  catalog.layers.set(more, 7)
  await blobs.headBlob(target, remote, never)
  await blobs.headBlob(target, more, never)
  for (const other of otherTargets) blobs.forget(other, [remote, more])
  blobs.forget(target, [remote])
  catalog.layers.clear()
  assert.equal(await blobs.headBlob(target, remote, never), undefined)
  assert.deepEqual(await blobs.headBlob(target, more, never), { sizeBytes: 7 })
})

for (const failure of failures.filter((each) => each !== 'repository_unknown')) {
  test(`an upstream that is ${failure} has nothing: sending it again is safe`, async () => {
    const { blobs, remote } = await setUp(refusing(failure))
    assert.equal(await blobs.headBlob(target, remote, never), undefined)
  })
}

test('a repository that is not there is an error', async () => {
  const { blobs, remote } = await setUp(refusing('repository_unknown'))
  const unknown = codeIs('repository_unknown')
  await assert.rejects(blobs.headBlob(target, remote, never), unknown)
})

test('an upstream that is silent for five seconds has nothing', async (t) => {
  const clock = manualClock(t)
  const { blobs, remote } = await silent()
  const asked = blobs.headBlob(target, remote, never)
  await nextTurn()
  clock.advance(4_999)
  const early = await Promise.race([asked, nextTurn().then(() => 'waiting')])
  assert.equal(early, 'waiting')
  clock.advance(1)
  assert.equal(await asked, undefined)
})

test('a client that leaves ends its question with its own reason', async () => {
  const { blobs, remote } = await silent()
  const leaving = new AbortController()
  const asked = [
    blobs.headBlob(target, remote, leaving.signal),
    blobs.getBlob(target, remote, leaving.signal),
  ]
  const reason = new Error('client gone')
  await nextTurn()
  leaving.abort(reason)
  for (const each of asked) await assert.rejects(each, (error) => error === reason)
})

test('a mistake of ours is not taken for an outage', async () => {
  const mistake = new TypeError('a mistake')
  const { blobs, remote } = await setUp({
    before: () => {
      throw mistake
    },
  })
  for (const asked of [
    blobs.headBlob(target, remote, never),
    blobs.getBlob(target, remote, never),
  ]) {
    await assert.rejects(asked, (error) => error === mistake)
  }
})

test('the bytes of a layer that is held come from the spool, and stay while they are read', async () => {
  const { blobs, held, heldBytes, record, spool, catalog } = await setUp()
  await record(target)
  const blob = await blobs.getBlob(target, held, never)
  assert.ok(blob?.kind === 'spooled')
  {
    await using reader = blob.reader
    await spool.evict(capacityBytes, async () => true)
    const read = Buffer.alloc(reader.sizeBytes)
    assert.equal(await reader.read(read, 0), heldBytes.byteLength)
    assert.ok(read.equals(heldBytes))
  }
  await spool.evict(capacityBytes, async () => true)
  assert.equal(await spool.find(held), undefined)
  assert.deepEqual(catalog.calls, [])
})

test('a layer that leaves the spool at the last moment comes from the registry', async () => {
  const { ports, spool, journal, held, catalog, record } = await setUp()
  await record(target)
  catalog.layers.set(held, 1_000)
  const blobs = createFindBlob({
    ...ports,
    journal: {
      ...journal,
      async ofLayer(digest) {
        await condemnLayer(spool, held)
        return journal.ofLayer(digest)
      },
    },
  })
  const blob = await blobs.getBlob(target, held, never)
  assert.deepEqual(blob, { kind: 'redirect', location: `${blobLocation}${held}` })
})

test('the bytes of any other layer are where the registry says', async () => {
  const { blobs, remote, nowhere } = await setUp()
  assert.deepEqual(await blobs.getBlob(target, remote, never), {
    kind: 'redirect',
    location: `${blobLocation}${remote}`,
  })
  assert.equal(await blobs.getBlob(target, nowhere, never), undefined)
})

for (const failure of failures) {
  test(`bytes that an upstream cannot give because it is ${failure} are an error`, async () => {
    const { blobs, remote } = await setUp(refusing(failure))
    await assert.rejects(blobs.getBlob(target, remote, never), codeIs(answers[failure]))
  })
}

/** The upstream has everything that was owed to it. */
async function paid(journal: ForwardJournal): Promise<void> {
  while ((await journal.owedDigests()).size > 0) {
    const claim = await journal.claim(never)
    await claim.forwarded({ alreadyPresent: false, parts: 1, attempts: 1 })
  }
}

/** An upstream that answers nothing until it is given up. */
function silent() {
  return setUp({
    before: ({ call: { signal } }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  })
}
