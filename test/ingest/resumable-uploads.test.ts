import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import type { Chunk } from '../../src/ingest/chunk.ts'
import { createResumableUploads, type UploadRequest } from '../../src/ingest/resumable-uploads.ts'
import { createSessionLeases } from '../../src/ingest/session-leases.ts'
import { createUploadHashes } from '../../src/ingest/upload-hashes.ts'
import { type Diagnosis, diagnosis } from '../../src/registry/diagnosis.ts'
import type { Digest } from '../../src/registry/digest.ts'
import { LayergateError } from '../../src/registry/errors.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { newUploadId } from '../../src/registry/upload-id.ts'
import { codeIs } from '../support/code-is.ts'
import { admitLayer, digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { manualClock } from '../support/manual-clock.ts'
import { recipientThat } from '../support/recipient.ts'
import { nextTurn } from '../support/next-turn.ts'
import { never, repository, setUp, type SetupOptions } from './setup.ts'

const owner = { repository, owner: 'ci' }
/** The name that is told of whoever sends. */
const agent = 'ci'
const [first, second] = [layerBytes(10), layerBytes(20, 2)]
const whole = Buffer.concat([first, second])
const digest = digestOf(whole)

function chunkOf(body: Uint8Array | Readable, more: Partial<Chunk> = {}): Chunk {
  const stream = body instanceof Readable ? body : Readable.from([body])
  return { body: stream, welcome() {}, ...more }
}

function uploads(options: SetupOptions = {}) {
  const recorded: Digest[] = []
  const recipient = recipientThat<void>({
    async record(layer) {
      recorded.push(layer.digest)
    },
  })
  const memory = setUp(options)
  const leftBehind: unknown[] = []
  const ports = {
    ...memory,
    leases: createSessionLeases(),
    hashes: createUploadHashes(memory.spool),
    now: () => new Date(),
    onLeftBehind: (error: unknown) => leftBehind.push(error),
  }
  const limits = { maxLayerBytes: 1000, idleTimeoutMs: 60_000 }
  const restarted = () =>
    createResumableUploads({ ...ports, hashes: createUploadHashes(memory.spool) }, limits)
  const resumable = createResumableUploads(ports, limits)
  return {
    ...ports,
    ...resumable,
    recorded,
    recipient,
    leftBehind,
    restarted,
    async started(): Promise<UploadRequest> {
      const { id } = await resumable.begin(owner, never)
      return { ...owner, agent, id, requestId: 'request-1' }
    },
    async offset(upload: UploadRequest): Promise<number> {
      return (await resumable.find(upload)).received.sizeBytes
    },
  }
}

test('chunks and an empty end become the layer that they are together', async () => {
  const { started, append, finish, recipient, recorded, spool, places } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  const { received } = await append(upload, chunkOf(second), never)
  assert.deepEqual(received, { digest, sizeBytes: 30 })
  await finish(upload, undefined, digest, recipient, never)
  assert.deepEqual(recorded, [digest])
  assert.deepEqual(await spool.find(digest), { digest, sizeBytes: 30 })
  assert.equal(places.taken, 0)
})

test('the last chunk may come with the end', async () => {
  const { started, append, finish, recipient, recorded } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first, { range: '0-9' }), never)
  await finish(upload, chunkOf(second, { range: '10-29' }), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

test('all may come with the end', async () => {
  const { started, finish, recipient, recorded } = uploads()
  await finish(await started(), chunkOf(whole), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

test('an upload that is continued after a restart reads its bytes once more, and goes on', async () => {
  const { started, append, restarted, recipient, recorded } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  const later = restarted()
  await later.append(upload, chunkOf(second), never)
  await later.finish(upload, undefined, digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

test('an upload whose bytes are gone is not there any more', async () => {
  const { started, append, spool } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  await spool.discard(upload.id)
  await assert.rejects(append(upload, chunkOf(second), never), codeIs('upload_unknown'))
})

test('a chunk of the wrong range moves nothing, and the right one goes on', async () => {
  const { started, append, finish, offset, recipient, recorded } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first, { range: '0-9' }), never)
  for (const range of ['0-9', '11-30', '10-28']) {
    const refused = append(upload, chunkOf(second, { range, sizeBytes: 20 }), never)
    await assert.rejects(refused, codeIs('upload_range_invalid'))
    assert.equal(await offset(upload), 10)
  }
  await append(upload, chunkOf(second, { range: '10-29' }), never)
  await finish(upload, undefined, digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

test('a chunk that does not match its Content-Digest moves nothing', async () => {
  const { started, append, finish, offset, recipient, recorded } = uploads()
  const upload = await started()
  const contentDigest = { algorithm: 'sha256', base64: 'AAAA' } as const
  const refused = append(upload, chunkOf(first, { contentDigest }), never)
  await assert.rejects(refused, codeIs('chunk_digest_mismatch'))
  assert.equal(await offset(upload), 0)
  await finish(upload, chunkOf(whole), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

for (const step of ['append', 'finish'] as const) {
  test(`a body that is cut off within ${step} leaves the upload as it was`, async () => {
    const { started, append, finish, offset, recipient, recorded, places } = uploads()
    const upload = await started()
    await append(upload, chunkOf(first), never)
    const body = new PassThrough()
    const cut =
      step === 'append'
        ? append(upload, chunkOf(body), never)
        : finish(upload, chunkOf(body), digest, recipient, never)
    body.write(second.subarray(0, 7))
    await nextTurn()
    body.destroy()
    await assert.rejects(cut, codeIs('client_aborted'))
    assert.equal(await offset(upload), 10)
    assert.equal(places.taken, 0)
    await finish(upload, chunkOf(second), digest, recipient, never)
    assert.deepEqual(recorded, [digest])
  })
}

test('a failure of ours within the end leaves the upload as it was, for the same body again', async () => {
  const { started, finish, offset, recipient, recorded } = uploads()
  const upload = await started()
  const failing = recipientThat<void>({
    async check() {
      throw new LayergateError('upstream_credentials', 'Denied.')
    },
    record: recipient.record,
  })
  const failed = finish(upload, chunkOf(whole), digest, failing, never)
  await assert.rejects(failed, codeIs('upstream_credentials'))
  assert.equal(await offset(upload), 0)
  await finish(upload, chunkOf(whole), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

for (const wayIn of ['chunks', 'a chunk and a body', 'a body'] as const) {
  test(`a journal that fails after the sealing of ${wayIn} does not spoil the same request again`, async () => {
    const { started, append, finish, recipient, recorded } = uploads()
    const upload = await started()
    if (wayIn === 'chunks') await append(upload, chunkOf(whole), never)
    if (wayIn === 'a chunk and a body') await append(upload, chunkOf(first), never)
    const rest = { chunks: undefined, 'a chunk and a body': second, 'a body': whole }[wayIn]
    const again = () => (rest ? chunkOf(rest) : undefined)
    const failing = recipientThat<void>({
      record: () => Promise.reject(new Error('The disk is gone.')),
    })
    await assert.rejects(finish(upload, again(), digest, failing, never), codeIs('internal'))
    await finish(upload, again(), digest, recipient, never)
    assert.deepEqual(recorded, [digest])
  })
}

test('acknowledged bytes that do not match end the upload, and nothing of it is left', async () => {
  const { started, append, find, finish, recipient, recorded, spool, sessions } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  const refused = finish(upload, undefined, digest, recipient, never)
  await assert.rejects(refused, codeIs('digest_mismatch'))
  await assert.rejects(find(upload), codeIs('upload_unknown'))
  assert.deepEqual(recorded, [])
  assert.deepEqual(await sessions.unfinished(), [])
  assert.equal(spool.usage().usedBytes, 0)
})

test('a last chunk that spoils the digest can be sent anew', async () => {
  const { started, append, finish, offset, recipient, recorded, spool } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  const refused = finish(upload, chunkOf(first), digest, recipient, never)
  await assert.rejects(refused, codeIs('digest_mismatch'))
  assert.equal(await offset(upload), first.length)
  assert.equal(spool.usage().usedBytes, first.length)
  await finish(upload, chunkOf(second), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

/** The first ten bytes came before, and those that spoil the digest are still looked into when the answer goes out. */
async function lookedInto(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { promise, resolve: end } = Promise.withResolvers<Diagnosis>()
  const all = uploads({ inspector: { why: promise } })
  const upload = await all.started()
  await all.append(upload, chunkOf(first), never)
  const refused = all.finish(upload, chunkOf(first), digest, all.recipient, never)
  while (all.inspector.mismatches.length === 0) await nextTurn()
  t.mock.timers.tick(2000)
  await assert.rejects(refused, codeIs('digest_mismatch'))
  return { ...all, upload, end: () => end(diagnosis('truncated', {})) }
}

test('a last chunk that is still looked into goes when that is over', async (t) => {
  const { upload, end, offset, spool, leftBehind } = await lookedInto(t)
  assert.equal(await offset(upload), 10)
  assert.equal(spool.usage().usedBytes, 20)
  end()
  while (spool.usage().usedBytes > 10) await nextTurn()
  assert.equal(await offset(upload), 10)
  assert.deepEqual(leftBehind, [])
})

test('a last chunk that is still looked into can be sent anew at once', async (t) => {
  const { upload, end, finish, recipient, recorded, spool, leftBehind } = await lookedInto(t)
  await finish(upload, chunkOf(second), digest, recipient, never)
  end()
  await nextTurn()
  assert.deepEqual(recorded, [digest])
  assert.deepEqual(await spool.find(digest), { digest, sizeBytes: 30 })
  assert.deepEqual(leftBehind, [])
})

test('what goes on while the last chunk is looked into keeps its bytes when that is over', async (t) => {
  const { upload, end, append, finish, recipient, recorded, leftBehind } = await lookedInto(t)
  await append(upload, chunkOf(second.subarray(0, 5)), never)
  end()
  await nextTurn()
  await finish(upload, chunkOf(second.subarray(5)), digest, recipient, never)
  assert.deepEqual([recorded, leftBehind], [[digest], []])
})

test('bytes that do not match and came in one request can be sent anew', async () => {
  const { started, finish, recipient, recorded, spool } = uploads()
  const upload = await started()
  const refused = finish(upload, chunkOf(first), digest, recipient, never)
  await assert.rejects(refused, codeIs('digest_mismatch'))
  assert.equal(spool.usage().usedBytes, 0)
  await finish(upload, chunkOf(whole), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

test('an upload without a byte is refused with its cause, and may still get some', async () => {
  const { started, finish, recipient, recorded } = uploads()
  const upload = await started()
  const refused = finish(upload, undefined, digest, recipient, never)
  await assert.rejects(
    refused,
    (error) =>
      error instanceof LayergateError &&
      error.code === 'layer_empty' &&
      error.facts.diagnosis?.cause === 'empty',
  )
  await finish(upload, chunkOf(whole), digest, recipient, never)
  assert.deepEqual(recorded, [digest])
})

test('what a failed request left beyond the acknowledged chunks is dropped', async () => {
  const { started, append, finish, recipient, recorded, spool, sessions } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  const failing = recipientThat<void>({
    check: () => Promise.reject(new LayergateError('upstream_credentials', 'Denied.')),
    record: recipient.record,
  })
  await assert.rejects(finish(upload, chunkOf(second), digest, failing, never))
  assert.equal(spool.usage().usedBytes, first.length)
  await finish(upload, undefined, digestOf(first), recipient, never)
  assert.deepEqual(recorded, [digestOf(first)])
  assert.deepEqual(await sessions.unfinished(), [])
})

test('what a crash left beyond the acknowledged chunks is dropped', async () => {
  const { started, append, finish, recipient, recorded, spool } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  {
    await using writer = await spool.resume(upload.id, first.length, 0)
    await writer.write(second)
    await writer.flush()
  }
  await finish(upload, undefined, digestOf(first), recipient, never)
  assert.deepEqual(recorded, [digestOf(first)])
})

test('a chunk that makes the layer too large is dropped', async () => {
  const { started, append, offset, spool } = uploads()
  const upload = await started()
  await append(upload, chunkOf(layerBytes(990)), never)
  await assert.rejects(append(upload, chunkOf(layerBytes(11)), never), codeIs('layer_too_large'))
  assert.equal(await offset(upload), 990)
  assert.equal(spool.usage().usedBytes, 990)
})

test('an upload whose bytes are lost ends with the request that finds it out', async () => {
  const { started, append, find, finish, recipient, spool } = uploads()
  const upload = await started()
  await append(upload, chunkOf(whole), never)
  await spool.discard(upload.id)
  const lost = finish(upload, undefined, digest, recipient, never)
  await assert.rejects(lost, codeIs('upload_unknown'))
  await assert.rejects(find(upload), codeIs('upload_unknown'))
})

test('on a full disk cached layers give way to the beginning of an upload', async () => {
  const { begin, spool, gate, sessions } = uploads({
    spool: createMemorySpool({ capacityBytes: 1_000 }),
  })
  await admitLayer(spool, gate, whole)
  const create = sessions.create
  let refusals = 0
  sessions.create = async (session) => {
    if (await spool.find(digest)) {
      refusals += 1
      throw new LayergateError('spool_full', 'The disk of the journal is full.')
    }
    return create(session)
  }
  await begin(owner, never)
  // Once at first, and once more while what others free is listened to.
  assert.equal(refusals, 2)
})

test('what this process did not hash itself is hashed again before it is sent', async () => {
  const { started, append, restarted, recipient, gate, spool } = uploads()
  const upload = await started()
  await append(upload, chunkOf(whole), never)
  let reads = 0
  const open = spool.open
  spool.open = (wanted) => {
    reads += 1
    return open(wanted)
  }
  await restarted().finish(upload, undefined, digest, recipient, never)
  await gate.restore(digest, never)
  assert.equal(reads, 1)
})

test('a finished upload answers the same end again, and reads its body to the end', async () => {
  const { started, find, append, finish, recipient, recorded } = uploads()
  const upload = await started()
  await finish(upload, chunkOf(whole), digest, recipient, never)
  const body = Readable.from([whole])
  await finish(upload, chunkOf(body), digest, recipient, never)
  assert.ok(body.readableEnded)
  await finish(upload, undefined, digest, recipient, never)
  assert.deepEqual(recorded, [digest])
  await assert.rejects(find(upload), codeIs('upload_unknown'))
  await assert.rejects(append(upload, chunkOf(first), never), codeIs('upload_unknown'))
  const other = finish(upload, undefined, digestOf(first), recipient, never)
  await assert.rejects(other, codeIs('upload_unknown'))
})

test('an upload that was given up is gone, and so are its bytes', async () => {
  const { started, append, cancel, find, spool, sessions } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  await cancel(upload, never)
  await assert.rejects(find(upload), codeIs('upload_unknown'))
  await assert.rejects(cancel(upload, never), codeIs('upload_unknown'))
  assert.deepEqual([await sessions.unfinished(), spool.usage().usedBytes], [[], 0])
})

for (const [whose, theirs] of [
  ['another agent', { repository, owner: 'other' }],
  ['another repository', { repository: parseRepositoryName('team/other'), owner: 'ci' }],
] as const) {
  test(`the upload of ${whose} does not exist for anybody else`, async () => {
    const { begin, find, append, finish, cancel, recipient, offset } = uploads()
    const { id } = await begin(theirs, never)
    const mine = { ...theirs, agent, id, requestId: 'request-1' }
    const upload = { ...mine, ...owner }
    await assert.rejects(find(upload), codeIs('upload_unknown'))
    await assert.rejects(append(upload, chunkOf(first), never), codeIs('upload_unknown'))
    await assert.rejects(
      finish(upload, undefined, digest, recipient, never),
      codeIs('upload_unknown'),
    )
    await assert.rejects(cancel(upload, never), codeIs('upload_unknown'))
    assert.equal(await offset(mine), 0)
  })
}

test('the upload of a request of its own cannot be continued by anybody', async () => {
  const { sessions, find } = uploads()
  const { id } = await sessions.create({ repository, agent, isResumable: false })
  await assert.rejects(find({ ...owner, id }), codeIs('upload_unknown'))
  await assert.rejects(find({ ...owner, id: newUploadId() }), codeIs('upload_unknown'))
})

test('a second request waits for the first, and goes on behind it', async () => {
  const { started, append } = uploads()
  const upload = await started()
  const body = new PassThrough()
  const one = append(upload, chunkOf(body), never)
  const other = append(upload, chunkOf(second), never)
  body.end(first)
  assert.equal((await one).received.sizeBytes, 10)
  assert.equal((await other).received.sizeBytes, 30)
})

test('a request whose client is silent is taken over where the upload stood before it', async (t: TestContext) => {
  const clock = manualClock(t)
  const memory = setUp()
  const ports = {
    ...memory,
    leases: createSessionLeases(() => clock.now().getTime()),
    hashes: createUploadHashes(memory.spool),
    now: clock.now,
    onLeftBehind() {},
  }
  const limits = { maxLayerBytes: 1000, idleTimeoutMs: 60_000 }
  const { begin, append } = createResumableUploads(ports, limits)
  const { id } = await begin(owner, never)
  const upload = { ...owner, agent, id, requestId: 'request-1' }
  await append(upload, chunkOf(first), never)

  const silent = new PassThrough()
  const one = assert.rejects(append(upload, chunkOf(silent), never), codeIs('upload_busy'))
  silent.write(layerBytes(5))
  for (let turn = 0; turn < 20; turn += 1) await nextTurn()
  const other = append(upload, chunkOf(second), never)
  for (let turn = 0; turn < 20; turn += 1) await nextTurn()
  clock.advance(2_000)
  await one
  assert.deepEqual((await other).received, { digest, sizeBytes: 30 })
})

test('what a request with bytes did is told once, and the layer with its whole size and time', async () => {
  const { started, append, finish, recipient, observer } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  await assert.rejects(append(upload, chunkOf(second, { range: '0-19' }), never))
  await append(upload, chunkOf(second), never)
  await finish(upload, undefined, digest, recipient, never)
  const ended = observer.events.filter((event) => event.type === 'upload_ended')
  assert.deepEqual(
    ended.map(({ entry, outcome, sizeBytes, layerSizeBytes }) => {
      return { entry, outcome, sizeBytes, layerSizeBytes }
    }),
    [
      { entry: 'oci', outcome: 'unsettled', sizeBytes: 10, layerSizeBytes: undefined },
      { entry: 'oci', outcome: 'unsettled', sizeBytes: 0, layerSizeBytes: undefined },
      { entry: 'oci', outcome: 'unsettled', sizeBytes: 20, layerSizeBytes: undefined },
      { entry: 'oci', outcome: 'verified', sizeBytes: 0, layerSizeBytes: 30 },
    ],
  )
})

test('of a request with bytes it is told how many it announced, and of one without that there are none', async () => {
  const { started, append, finish, recipient, observer } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first, { sizeBytes: 10 }), never)
  await append(upload, chunkOf(second), never)
  await finish(upload, undefined, digest, recipient, never)
  const announced = observer.of('upload_started').map(({ announcedBytes }) => announcedBytes)
  assert.deepEqual(announced, [10, undefined, 0])
})

test('a body whose client left is told as aborted', async () => {
  const { started, append, observer } = uploads()
  const upload = await started()
  const body = new PassThrough()
  const cut = append(upload, chunkOf(body), never)
  body.write(first)
  await nextTurn()
  body.destroy()
  await assert.rejects(cut)
  const last = observer.events.at(-1)
  assert.ok(last?.type === 'upload_ended' && last.outcome === 'aborted')
})

test('an upload is inspected once, when all of it is there', async () => {
  const { started, append, finish, recipient, inspector } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  await append(upload, chunkOf(second), never)
  assert.deepEqual(inspector.asked, [])
  await finish(upload, undefined, digest, recipient, never)
  assert.deepEqual(inspector.asked, ['inspect 1 of 30'])
})

test('what was inspected of a chunk that is dropped does not count', async () => {
  const { started, append, inspector } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  const beyond = append(upload, chunkOf(Buffer.alloc(2000)), never)
  await assert.rejects(beyond, codeIs('layer_too_large'))
  assert.deepEqual(inspector.asked, ['forget 1'])
})

test('an upload that is cancelled is inspected no more', async () => {
  const { started, append, cancel, inspector } = uploads()
  const upload = await started()
  await append(upload, chunkOf(first), never)
  await cancel(upload, never)
  assert.deepEqual(inspector.asked, ['forget 1'])
})
