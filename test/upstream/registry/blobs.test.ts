import assert from 'node:assert/strict'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { pushLayer } from '../../sandbox/support/push.ts'
import { upstreamError } from '../setup.ts'
import { callWith, openCatalog, openCatalogOf, sha256 } from './setup.ts'

const call = callWith({ destination: { registryId: 'sandbox' } })
const digest = sha256('layer')

test('a blob is where the registry says, and needs no token there', async (t) => {
  const { catalog, client, calls } = await openCatalog(t)
  await pushLayer(client, 'layer')
  const blob = await catalog.blob(call, digest)
  assert.ok(blob?.kind === 'redirect')
  assert.equal(calls().includes('GetBlobContent'), false)
  assert.equal(await (await fetch(blob.location)).text(), 'layer')
})

test('a blob that the registry gives itself comes as a stream', async (t) => {
  const { catalog, client } = await openCatalog(t, { switches: { blobGet: 'direct' } })
  const bytes = Buffer.alloc(3 * 1024 * 1024, 'layer')
  await pushLayer(client, bytes)
  const blob = await catalog.blob(call, sha256(bytes))
  assert.ok(blob?.kind === 'stream')
  assert.equal(blob.sizeBytes, bytes.byteLength)
  assert.ok((await buffer(blob.bytes)).equals(bytes))
})

test('a stream ends with its call, and its connection with it', async (t) => {
  const gone = Promise.withResolvers<void>()
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    response.on('close', gone.resolve)
    response.writeHead(200, { 'content-length': '1000' }).write('some')
  })
  const leaving = new AbortController()
  const { destination } = call
  const blob = await catalog.blob(callWith({ destination, signal: leaving.signal }), digest)
  assert.ok(blob?.kind === 'stream')
  await once(blob.bytes, 'readable')
  const failed = once(blob.bytes, 'error')
  leaving.abort()
  const [error] = await failed
  assert.equal(error.name, 'AbortError')
  await gone.promise
})

test('a stream that is cut off does not end well', async (t) => {
  const { catalog } = await openCatalogOf(t, ({ socket }, response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('some', () => socket.destroy())
  })
  const blob = await catalog.blob(call, digest)
  assert.ok(blob?.kind === 'stream')
  await assert.rejects(buffer(blob.bytes), { code: 'ECONNRESET' })
})

test('a blob that is not there is a no', async (t) => {
  const { catalog } = await openCatalog(t)
  assert.equal(await catalog.blob(call, digest), undefined)
  assert.equal(await catalog.layerSizeBytes(call, digest), undefined)
})

test('a repository that is not there is an error', async (t) => {
  const { catalog } = await openCatalog(t)
  const elsewhere = callWith({ repository: 'team/none' })
  const unknown = upstreamError('repository_unknown')
  await assert.rejects(catalog.blob(elsewhere, digest), unknown)
  await assert.rejects(catalog.layerSizeBytes(elsewhere, digest), unknown)
})

for (const blobHead of ['unauthorized', 'works'] as const) {
  test(`the size of a layer is asked of the API, HEAD of a blob being ${blobHead}`, async (t) => {
    const { catalog, client, sandbox, calls } = await openCatalog(t, { switches: { blobHead } })
    await pushLayer(client, 'layer')
    sandbox.clearCalls()
    assert.equal(await catalog.layerSizeBytes(call, digest), 5)
    assert.deepEqual(calls(), ['BatchCheckLayerAvailability'])
  })
}

for (const absentAs of ['unavailable', 'failure'] as const) {
  test(`a layer that is absent is a no, in the form of ${absentAs}`, async (t) => {
    const { catalog } = await openCatalog(t, { switches: { absentAs } })
    assert.equal(await catalog.layerSizeBytes(call, digest), undefined)
  })
}

test('an answer without the size is no success', async (t) => {
  const { catalog, client, sandbox } = await openCatalog(t)
  await pushLayer(client, 'layer')
  const fault = { kind: 'empty-200' } as const
  sandbox.addFault({ operation: 'BatchCheckLayerAvailability', call: 1, fault })
  const asked = catalog.layerSizeBytes(call, digest)
  await assert.rejects(asked, upstreamError('unavailable', 'EmptyAnswer'))
})

test('a location of the registry itself may be relative, and any other stands as it is', async (t) => {
  const locations = ['/_blobs/x?y=1', "https://blobs.example.com/a b?sig='%2f+"]
  const { catalog, endpoint } = await openCatalogOf(t, (_request, response) => {
    response.writeHead(307, { location: locations.shift() }).end()
  })
  const found = [await catalog.blob(call, digest), await catalog.blob(call, digest)]
  assert.deepEqual(found, [
    { kind: 'redirect', location: new URL('/_blobs/x?y=1', endpoint).href },
    { kind: 'redirect', location: "https://blobs.example.com/a b?sig='%2f+" },
  ])
})

for (const location of [undefined, '', 'file:///etc/passwd', 'https://']) {
  test(`a redirect to ${location} leads nowhere`, async (t) => {
    const { catalog } = await openCatalogOf(t, (_request, response) => {
      response.writeHead(302, location === undefined ? {} : { location }).end()
    })
    const asked = catalog.blob(call, digest)
    await assert.rejects(asked, upstreamError('unavailable', 'UnreadableAnswer'))
  })
}

test('a blob of unknown length is refused, and its connection closed', async (t) => {
  const gone = Promise.withResolvers<void>()
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    response.on('close', gone.resolve)
    response.writeHead(200).write('some')
  })
  const asked = catalog.blob(call, digest)
  await assert.rejects(asked, upstreamError('unavailable', 'UnreadableAnswer'))
  await gone.promise
})
