import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxManifestBytes } from '../../../src/registry/manifest.ts'
import { indexOf, ociIndex, ociManifest } from '../../sandbox/support/push.ts'
import { pushImage, putImage } from '../../sandbox/support/registry.ts'
import { upstreamError } from '../setup.ts'
import { byDigest, callWith, openCatalog, openCatalogOf, sha256, tag } from './setup.ts'

const call = callWith()

for (const manifestDigestOnGet of ['present', 'absent'] as const) {
  test(`a manifest comes byte for byte, its digest header being ${manifestDigestOnGet}`, async (t) => {
    const { catalog, client } = await openCatalog(t, { switches: { manifestDigestOnGet } })
    const manifest = await pushImage(client, 'layer', 'v1')
    const expected = {
      digest: sha256(manifest),
      mediaType: ociManifest,
      sizeBytes: manifest.length,
      bytes: Buffer.from(manifest),
    }
    assert.deepEqual(await catalog.manifest(call, tag('v1')), expected)
    assert.deepEqual(await catalog.manifest(call, byDigest(manifest)), expected)
  })

  test(`the head of a manifest comes without its bytes, the digest on GET being ${manifestDigestOnGet}`, async (t) => {
    const { catalog, client, sandbox, calls } = await openCatalog(t, {
      switches: { manifestDigestOnGet },
    })
    const manifest = await pushImage(client, 'layer', 'v1')
    const expected = {
      digest: sha256(manifest),
      mediaType: ociManifest,
      sizeBytes: manifest.length,
    }
    await catalog.tags(call)
    sandbox.clearCalls()
    assert.deepEqual(await catalog.manifestHead(call, tag('v1')), expected)
    assert.deepEqual(await catalog.manifestHead(call, byDigest(manifest)), expected)
    assert.deepEqual(calls(), ['HeadManifest', 'HeadManifest'])
  })
}

test('a tag that moved is seen at once', async (t) => {
  const { catalog, client } = await openCatalog(t)
  await pushImage(client, 'one', 'v1')
  await catalog.manifestHead(call, tag('v1'))
  const moved = sha256(await pushImage(client, 'other', 'v1'))
  assert.equal((await catalog.manifestHead(call, tag('v1')))?.digest, moved)
  assert.equal((await catalog.manifest(call, tag('v1')))?.digest, moved)
})

test('an index is a manifest like any other', async (t) => {
  const { catalog, client } = await openCatalog(t)
  const index = indexOf(sha256(await pushImage(client, 'layer')))
  await putImage(client, index, 'v1')
  const found = await catalog.manifest(call, tag('v1'))
  assert.equal(found?.mediaType, ociIndex)
  assert.equal(found.bytes.toString(), index)
})

test('a manifest that is not there is a no', async (t) => {
  const { catalog } = await openCatalog(t)
  for (const reference of [tag('v1'), byDigest('{}')]) {
    assert.equal(await catalog.manifest(call, reference), undefined)
    assert.equal(await catalog.manifestHead(call, reference), undefined)
  }
})

test('a repository that is not there is an error', async (t) => {
  const { catalog } = await openCatalog(t)
  const elsewhere = callWith({ repository: 'team/none' })
  const asked = catalog.manifest(elsewhere, tag('v1'))
  await assert.rejects(asked, upstreamError('repository_unknown', 'NAME_UNKNOWN'))
})

test('bytes that do not have the digest that was asked for are refused', async (t) => {
  const { catalog, client, sandbox } = await openCatalog(t)
  const manifest = await pushImage(client, 'layer', 'v1')
  sandbox.addFault({ operation: 'GetManifest', call: 1, fault: { kind: 'flip-byte' } })
  sandbox.addFault({ operation: 'GetManifest', call: 2, fault: { kind: 'truncated-answer' } })
  sandbox.addFault({ operation: 'GetManifest', call: 3, fault: { kind: 'empty-200' } })
  for (let count = 0; count < 3; count += 1) {
    const asked = catalog.manifest(call, byDigest(manifest))
    await assert.rejects(asked, upstreamError('unavailable', 'ManifestDigestDiffers'))
  }
  assert.equal((await catalog.manifest(call, byDigest(manifest)))?.bytes.toString(), manifest)
})

test('bytes behind a tag that do not have the digest that is named are refused', async (t) => {
  const { catalog, client, sandbox } = await openCatalog(t)
  await pushImage(client, 'layer', 'v1')
  sandbox.addFault({ operation: 'GetManifest', call: 1, fault: { kind: 'flip-byte' } })
  const asked = catalog.manifest(call, tag('v1'))
  await assert.rejects(asked, upstreamError('unavailable', 'ManifestDigestDiffers'))
})

test('a head that names another digest than was asked for is refused', async (t) => {
  const { catalog, client, sandbox } = await openCatalog(t)
  const manifest = await pushImage(client, 'layer', 'v1')
  const fault = { kind: 'wrong-layer-digest' } as const
  sandbox.addFault({ operation: 'HeadManifest', call: 1, fault })
  const asked = catalog.manifestHead(call, byDigest(manifest))
  await assert.rejects(asked, upstreamError('unavailable', 'ManifestDigestDiffers'))
})

for (const lacking of ['docker-content-digest', 'content-length', 'content-type']) {
  test(`a head without ${lacking} is completed by the manifest itself`, async (t) => {
    const manifest = '{"schemaVersion":2}'
    const { catalog } = await openCatalogOf(t, (request, response) => {
      const headers: Record<string, string> = {
        'content-type': ociManifest,
        'content-length': String(manifest.length),
        'docker-content-digest': sha256(manifest),
      }
      if (request.method === 'HEAD') Reflect.deleteProperty(headers, lacking)
      response.writeHead(200, headers).end(manifest)
    })
    const head = await catalog.manifestHead(call, tag('v1'))
    assert.equal(head?.digest, sha256(manifest))
    assert.equal(head.sizeBytes, manifest.length)
    assert.equal(head.mediaType, ociManifest)
  })
}

test('a media type comes without its parameters, and without one there is no manifest', async (t) => {
  const types = [`${ociManifest}; charset=utf-8`]
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    const type = types.shift()
    response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end('{}')
  })
  assert.equal((await catalog.manifest(call, tag('v1')))?.mediaType, ociManifest)
  const asked = catalog.manifest(call, tag('v1'))
  await assert.rejects(asked, upstreamError('unavailable', 'UnreadableAnswer'))
})

test('a manifest may have 4 MiB, and one byte more is never read to its end', async (t) => {
  let sizeBytes = maxManifestBytes
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    response.writeHead(200, { 'content-type': ociManifest }).end(Buffer.alloc(sizeBytes, ' '))
  })
  assert.equal((await catalog.manifest(call, tag('v1')))?.sizeBytes, maxManifestBytes)
  sizeBytes += 1
  const asked = catalog.manifest(call, tag('v1'))
  await assert.rejects(asked, upstreamError('rejected', 'AnswerTooLarge'))
})

test('a manifest without an end is broken off', async (t) => {
  const closed = Promise.withResolvers<void>()
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    response.on('close', closed.resolve)
    response.writeHead(200, { 'content-type': ociManifest })
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024))) continue
    }
    response.on('drain', more)
    more()
  })
  const asked = catalog.manifest(call, tag('v1'))
  await assert.rejects(asked, upstreamError('rejected', 'AnswerTooLarge'))
  await closed.promise
})

test('a client is asked for every kind of manifest, under its own encoding', async (t) => {
  const asked: Record<string, unknown>[] = []
  const { catalog } = await openCatalogOf(t, ({ headers }, response) => {
    asked.push(headers)
    response.writeHead(404).end()
  })
  await catalog.manifest(call, tag('v1'))
  const [headers] = asked
  assert.equal(headers?.['accept-encoding'], 'identity')
  assert.equal(headers['user-agent'], 'layergate')
  assert.equal('cookie' in headers, false)
  for (const type of [ociManifest, ociIndex]) assert.ok(String(headers['accept']).includes(type))
})
