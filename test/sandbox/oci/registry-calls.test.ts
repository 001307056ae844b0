import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallRecord, Fault } from '../../../src/sandbox/sandbox.ts'
import { repositoryName } from '../support/open-sandbox.ts'
import { digestOf, pushLayer } from '../support/push.ts'
import { errorOf, fetchToken, imagePath, openRegistry, pushImage } from '../support/registry.ts'

const manifestPath = `${imagePath}/manifests/v1`
const blobPath = `${imagePath}/blobs/${digestOf('layer')}`
const reset = (error: unknown): boolean =>
  error instanceof Error && Object(error.cause).code === 'ECONNRESET'

/** A record without what differs from run to run. */
const aboutWhat = (call: CallRecord) =>
  Object.fromEntries(
    Object.entries(call).filter(([name]) => name !== 'requestId' && name !== 'startedAtMs'),
  )

test('the log holds the reads of the registry, each with what it was about', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t)
  const digest = digestOf(await pushImage(client, 'layer', 'v1'))
  sandbox.clearCalls()
  await fetchToken(sandbox)
  await ask('/v2/')
  await ask(manifestPath)
  await ask(`${imagePath}/manifests/${digest}`, { method: 'HEAD' })
  const redirect = await ask(blobPath)
  await fetch(redirect.headers.get('location') ?? '')
  await ask(blobPath, { method: 'HEAD' })
  await ask(`${imagePath}/tags/list`)
  await ask(`${imagePath}/referrers/${digest}`)
  await ask(`${imagePath}/manifests/v2`)
  await ask(`${imagePath}/manifests/v1`, { method: 'PUT' })
  const layer = { digest: digestOf('layer') }
  assert.deepEqual(sandbox.calls().map(aboutWhat), [
    { operation: 'GetToken', status: 200 },
    { operation: 'GetVersion', status: 200 },
    { operation: 'GetManifest', repositoryName, reference: 'v1', status: 200 },
    { operation: 'HeadManifest', repositoryName, reference: digest, status: 200 },
    { operation: 'GetBlob', repositoryName, ...layer, status: 307 },
    { operation: 'GetBlobContent', status: 200 },
    {
      operation: 'HeadBlob',
      repositoryName,
      ...layer,
      status: 401,
      exception: 'UNAUTHORIZED',
    },
    { operation: 'ListTags', repositoryName, status: 200 },
    { operation: 'GetReferrers', repositoryName, digest, status: 200 },
    {
      operation: 'GetManifest',
      repositoryName,
      reference: 'v2',
      status: 404,
      exception: 'MANIFEST_UNKNOWN',
    },
    { operation: 'Unknown', repositoryName, status: 405, exception: 'UNSUPPORTED' },
  ])
})

for (const [operation, path, method] of [
  ['GetVersion', '/v2/', 'GET'],
  ['GetManifest', manifestPath, 'GET'],
  ['HeadManifest', manifestPath, 'HEAD'],
  ['GetBlob', blobPath, 'GET'],
  ['HeadBlob', blobPath, 'HEAD'],
  ['ListTags', `${imagePath}/tags/list`, 'GET'],
  ['GetReferrers', `${imagePath}/referrers/${digestOf('a')}`, 'GET'],
  ['GetToken', '/token/', 'GET'],
] as const) {
  test(`a fault of ${operation} is met by it alone`, async (t) => {
    const { sandbox, ask } = await openRegistry(t)
    const fault: Fault = { kind: 'exception', name: 'TOOMANYREQUESTS', status: 429 }
    sandbox.addFault({ operation, call: 1, fault })
    assert.notEqual((await fetch(`${sandbox.url}/_blobs/`)).status, 429)
    assert.equal((await ask(path, { method })).status, 429)
    assert.deepEqual(
      sandbox.calls().map(({ exception }) => exception),
      ['DENIED', 'TOOMANYREQUESTS'],
    )
    assert.deepEqual(sandbox.faults(), [])
  })
}

test('an exception is answered in the form of the registry', async (t) => {
  const { sandbox, ask } = await openRegistry(t)
  const fault: Fault = { kind: 'exception', name: 'UNKNOWN', status: 500, message: 'as told' }
  sandbox.addFault({ operation: 'GetManifest', call: 1, fault })
  const answer = await ask(manifestPath)
  assert.deepEqual(await errorOf(answer.clone()), [500, 'UNKNOWN'])
  assert.ok((await answer.text()).includes('as told'))
})

for (const kind of ['reset-before-storing', 'reset-after-storing'] as const) {
  test(`${kind} resets the connection of a read, and the next gets through`, async (t) => {
    const { sandbox, client, ask } = await openRegistry(t)
    const manifest = await pushImage(client, 'layer', 'v1')
    sandbox.addFault({ operation: 'GetManifest', call: 1, fault: { kind } })
    await assert.rejects(ask(manifestPath), reset)
    assert.equal(sandbox.calls().at(-1)?.status, null)
    assert.equal(await (await ask(manifestPath)).text(), manifest)
  })
}

test('a stalled read ends with the sandbox', async (t) => {
  const { sandbox, ask } = await openRegistry(t)
  sandbox.addFault({ operation: 'GetManifest', call: 1, fault: { kind: 'stall' } })
  const refused = assert.rejects(ask(manifestPath))
  await sandbox.close()
  await refused
})

test('html-503, empty-200 and truncated-answer stand in for the answer', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t)
  const manifest = await pushImage(client, 'layer', 'v1')
  const kinds = ['html-503', 'empty-200', 'truncated-answer'] as const
  sandbox.addFaults(
    kinds.map((kind, at) => ({ operation: 'GetManifest', call: at + 1, fault: { kind } })),
  )
  const page = await ask(manifestPath)
  assert.deepEqual([page.status, page.headers.get('content-type')], [503, 'text/html'])
  const empty = await ask(manifestPath)
  assert.deepEqual([empty.status, await empty.text()], [200, ''])
  const truncated = await (await ask(manifestPath)).text()
  assert.equal(truncated, manifest.slice(0, Math.floor(manifest.length / 2)))
})

test('flip-byte changes one bit of what is read, and nothing of what is stored', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t)
  const manifest = await pushImage(client, 'layer', 'v1')
  const location = (await ask(blobPath)).headers.get('location') ?? ''
  const fault: Fault = { kind: 'flip-byte', offset: 4 }
  sandbox.addFault({ operation: 'GetManifest', call: 1, fault })
  sandbox.addFault({ operation: 'GetBlobContent', call: 1, fault })
  const damaged = Buffer.from(await (await ask(manifestPath)).arrayBuffer())
  damaged.writeUInt8(damaged.readUInt8(4) ^ 1, 4)
  assert.equal(damaged.toString(), manifest)
  assert.equal(await (await fetch(location)).text(), 'layes')
  assert.equal(await (await fetch(location)).text(), 'layer')
})

test('truncated-answer is half of a blob', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t, { switches: { blobGet: 'direct' } })
  await pushImage(client, 'layer')
  sandbox.addFault({ operation: 'GetBlob', call: 1, fault: { kind: 'truncated-answer' } })
  assert.equal(await (await ask(blobPath)).text(), 'la')
})

test('a client that leaves in the middle of a blob harms nobody else', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t, { switches: { blobGet: 'direct' } })
  // More than the sockets hold, so that the sandbox is still sending.
  const digest = await pushLayer(client, Buffer.alloc(16 * 1024 * 1024))
  const answer = await ask(`${imagePath}/blobs/${digest}`)
  await answer.body?.cancel()
  await pushImage(client, 'layer')
  assert.equal(await (await ask(blobPath)).text(), 'layer')
  assert.deepEqual(
    sandbox.calls().flatMap(({ exception = [] }) => exception),
    [],
  )
})

test('wrong-layer-digest is told in place of the digest', async (t) => {
  const { sandbox, client, ask } = await openRegistry(t)
  await pushImage(client, 'layer', 'v1')
  const fault: Fault = { kind: 'wrong-layer-digest', digest: digestOf('other') }
  sandbox.addFault({ operation: 'HeadManifest', call: 1, fault })
  const answer = await ask(manifestPath, { method: 'HEAD' })
  assert.equal(answer.headers.get('docker-content-digest'), digestOf('other'))
})

test('expired-credentials refuses a good token once, except that of an access key', async (t) => {
  const { sandbox, ask } = await openRegistry(t)
  const ofKey: Fault = { kind: 'expired-credentials', accessKeyId: 'A' }
  sandbox.addFault({ operation: 'GetVersion', call: 1, fault: { kind: 'expired-credentials' } })
  sandbox.addFault({ operation: 'GetVersion', call: 2, fault: ofKey })
  assert.deepEqual(await errorOf(await ask('/v2/')), [400, 'DENIED'])
  assert.equal((await ask('/v2/')).status, 200)
})

test('under clock-skew a token is too old', async (t) => {
  const { sandbox, ask } = await openRegistry(t)
  const fault: Fault = { kind: 'clock-skew', aheadMs: 3_600_000 }
  sandbox.addFault({ operation: 'GetVersion', call: 1, fault })
  assert.deepEqual(await errorOf(await ask('/v2/')), [400, 'DENIED'])
})

test('reads beyond a quota of their operation are TOOMANYREQUESTS', async (t) => {
  const nowMs = Date.now()
  const { client, ask } = await openRegistry(t, {
    nowMs: () => nowMs,
    switches: { quotas: { GetManifest: { ratePerSecond: 1, burst: 1 } } },
  })
  await pushImage(client, 'layer', 'v1')
  assert.equal((await ask(manifestPath)).status, 200)
  assert.deepEqual(await errorOf(await ask(manifestPath)), [429, 'TOOMANYREQUESTS'])
  assert.equal((await ask(manifestPath, { method: 'HEAD' })).status, 200)
})
