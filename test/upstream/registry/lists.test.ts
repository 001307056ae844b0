import assert from 'node:assert/strict'
import { test } from 'node:test'
import { artifactOf, ociManifest, pushLayer } from '../../sandbox/support/push.ts'
import { pushImage, putImage } from '../../sandbox/support/registry.ts'
import { upstreamError } from '../setup.ts'
import { callWith, openCatalog, openCatalogOf, sha256 } from './setup.ts'

const call = callWith({ destination: { registryId: 'sandbox' } })
const elsewhere = callWith({ repository: 'team/none' })

for (const tagPaging of ['honoured', 'ignored'] as const) {
  test(`tags come in order of their code units, paging being ${tagPaging}`, async (t) => {
    const { catalog, client } = await openCatalog(t, { switches: { tagPaging } })
    assert.deepEqual(await catalog.tags(call), [])
    const manifest = await pushImage(client, 'layer')
    for (const tag of ['b', 'a', 'B', '_']) await putImage(client, manifest, tag)
    assert.deepEqual(await catalog.tags(call), ['B', '_', 'a', 'b'])
  })
}

/** A registry that lists `total` tags in pages of `n`, as the specification says. */
async function openPaging(t: Parameters<typeof openCatalogOf>[0], total: number) {
  const all = Array.from({ length: total }, (_, at) => `t${String(at).padStart(6, '0')}`)
  const asked: (string | null)[] = []
  const opened = await openCatalogOf(t, ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://registry')
    const last = searchParams.get('last')
    asked.push(last)
    const n = Number(searchParams.get('n'))
    const rest = last === null ? all : all.slice(all.indexOf(last) + 1)
    const tags = rest.slice(0, n)
    const next = new URLSearchParams({ n: String(n), last: tags.at(-1) ?? '' }).toString()
    const link = { link: `<${pathname}?${next}>; rel="next"` }
    response.writeHead(200, tags.length < rest.length ? link : {})
    response.end(JSON.stringify({ name: 'any', tags }))
  })
  return { ...opened, all, asked }
}

test('tags are read to the end of the last page', async (t) => {
  const { catalog, all, asked } = await openPaging(t, 2_500)
  assert.deepEqual(await catalog.tags(call), all)
  assert.deepEqual(asked, [null, 't000999', 't001999'])
})

test('a link need not be the only one, nor quoted', async (t) => {
  const links = ['</v2/?a>; rel="prev", </v2/?n=1>; title="x"; rel=next', '<x?n=2>;rel="prev"']
  const asked: string[] = []
  const { catalog } = await openCatalogOf(t, ({ url = '' }, response) => {
    asked.push(url)
    response.writeHead(200, { link: links.shift() }).end('{"tags":["a"]}')
  })
  assert.deepEqual(await catalog.tags(call), ['a', 'a'])
  assert.deepEqual(asked, [
    '/v2/sandbox/team/app/tags/list?n=1000',
    '/v2/sandbox/team/app/tags/list?n=1',
  ])
})

test('tags beyond 16 MiB in all are refused', async (t) => {
  let page = 0
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    page += 1
    response.writeHead(200, { link: `</v2/?page=${page}>; rel="next"` })
    response.end(JSON.stringify({ tags: ['x'.repeat(1024 * 1024)] }))
  })
  await assert.rejects(catalog.tags(call), upstreamError('rejected', 'AnswerTooLarge'))
  assert.equal(page, 16)
})

test('pages without an end are given up', async (t) => {
  let page = 0
  const { catalog } = await openCatalogOf(t, (_request, response) => {
    page += 1
    response.writeHead(200, { link: `</v2/?page=${page}>; rel="next"` }).end('{"tags":[]}')
  })
  await assert.rejects(catalog.tags(call), upstreamError('rejected', 'EndlessList'))
  assert.equal(page, 1_000)
})

test('a list that says null is empty', async (t) => {
  const { catalog } = await openCatalogOf(t, (_request, response) => response.end('{"tags":null}'))
  assert.deepEqual(await catalog.tags(call), [])
})

for (const body of ['', 'tags', '[]', '{}', '{"tags":{}}', '{"tags":[1]}', '{"tags":["a"']) {
  test(`${JSON.stringify(body)} is no list of tags`, async (t) => {
    const { catalog } = await openCatalogOf(t, (_request, response) => response.end(body))
    await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'UnreadableAnswer'))
  })
}

test('referrers come as the registry gives them', async (t) => {
  const { catalog, client } = await openCatalog(t)
  const subject = sha256(await pushImage(client, 'layer'))
  assert.deepEqual(await catalog.referrers(call, subject), [])
  await pushLayer(client, '{}')
  const annotations = { made: 'by hand' }
  const artifact = artifactOf({ subject, artifactType: 'application/x', annotations })
  await putImage(client, artifact)
  assert.deepEqual(await catalog.referrers(call, subject), [
    {
      mediaType: ociManifest,
      digest: sha256(artifact),
      size: artifact.length,
      artifactType: 'application/x',
      annotations,
    },
  ])
})

test('referrers are read to the end of the last page', async (t) => {
  const pages = [['a'], ['b', 'c']]
  const { catalog } = await openCatalogOf(t, ({ headers }, response) => {
    assert.equal(headers.accept, 'application/vnd.oci.image.index.v1+json')
    const manifests = pages.shift()?.map((digest) => ({ digest }))
    const link = pages.length > 0 ? { link: '<?page=2>; rel="next"' } : {}
    response.writeHead(200, link).end(JSON.stringify({ manifests }))
  })
  const found = await catalog.referrers(call, sha256('subject'))
  assert.deepEqual(
    found?.map(({ digest }) => digest),
    ['a', 'b', 'c'],
  )
})

test('a registry without the list of referrers is told apart from one whose list is empty', async (t) => {
  const { catalog } = await openCatalog(t, { switches: { referrers: 'not-found' } })
  assert.equal(await catalog.referrers(call, sha256('subject')), undefined)
})

for (const body of ['{}', '{"manifests":null}', '{"manifests":["a"]}']) {
  test(`${body} is no list of referrers`, async (t) => {
    const { catalog } = await openCatalogOf(t, (_request, response) => response.end(body))
    const asked = catalog.referrers(call, sha256('subject'))
    await assert.rejects(asked, upstreamError('unavailable', 'UnreadableAnswer'))
  })
}

test('a repository that is not there has no lists', async (t) => {
  const { catalog } = await openCatalog(t)
  const unknown = upstreamError('repository_unknown', 'NAME_UNKNOWN')
  await assert.rejects(catalog.tags(elsewhere), unknown)
  await assert.rejects(catalog.referrers(elsewhere, sha256('subject')), unknown)
})
