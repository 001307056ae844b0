import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { assertRefused, type OciAnswer, ociClient } from '../../support/oci-client.ts'
import { type ServiceOptions, startService } from '../../support/service.ts'
import { imageOf, pushBlobs, pushImage } from './support/images.ts'

const image = imageOf([layerBytes(512)])
const tagsPath = '/v2/team/app/tags/list'

async function withTags(t: TestContext, tags: readonly string[], options: ServiceOptions = {}) {
  const service = await startService(t, options)
  const client = ociClient(service.url)
  await pushBlobs(client, image)
  for (const tag of tags) assert.equal((await client.putManifest(tag, image)).status, 201)
  return client
}

function tagsIn(answer: OciAnswer): readonly string[] {
  assert.equal(answer.status, 200, answer.bytes.toString())
  assert.equal(answer.headers.get('content-type'), 'application/json')
  const { name, tags } = JSON.parse(answer.bytes.toString())
  assert.equal(name, 'team/app')
  return tags
}

describe('tags/list', () => {
  test('names the tags in order, without a Link', async (t) => {
    const client = await withTags(t, ['v2', 'latest', 'V1', 'v10'])
    const answer = await client.send('GET', tagsPath)
    assert.deepEqual(tagsIn(answer), ['V1', 'latest', 'v10', 'v2'])
    assert.equal(answer.headers.get('link'), null)
  })

  test('of a repository without a tag is an empty list', async (t) => {
    const client = await withTags(t, [])
    assert.deepEqual(tagsIn(await client.send('GET', tagsPath)), [])
  })

  test('of a repository that ECR Public does not have is 404', async (t) => {
    const { url } = await startService(t)
    const answer = await ociClient(url).send('GET', '/v2/team/missing/tags/list')
    assertRefused(answer, 404, 'NAME_UNKNOWN', 'repository_unknown')
  })

  test('last is exclusive, and need not be a tag', async (t) => {
    const client = await withTags(t, ['a', 'b', 'c'])
    assert.deepEqual(tagsIn(await client.send('GET', `${tagsPath}?last=a`)), ['b', 'c'])
    assert.deepEqual(tagsIn(await client.send('GET', `${tagsPath}?last=aa`)), ['b', 'c'])
    assert.deepEqual(tagsIn(await client.send('GET', `${tagsPath}?last=c`)), [])
  })

  for (const tagPaging of ['honoured', 'ignored'] as const) {
    test(`n makes pages that Link joins, with paging upstream ${tagPaging}`, async (t) => {
      const names = ['a', 'b', 'c', 'd', 'e']
      const client = await withTags(t, names, { sandbox: { switches: { tagPaging } } })
      const pages: (readonly string[])[] = []
      for (let path: string | undefined = `${tagsPath}?n=2`; path !== undefined; ) {
        const answer: OciAnswer = await client.send('GET', path)
        pages.push(tagsIn(answer))
        path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
      }
      assert.deepEqual(pages, [['a', 'b'], ['c', 'd'], ['e']])
    })
  }

  test('a last page that is full has no Link', async (t) => {
    const client = await withTags(t, ['a', 'b'])
    const answer = await client.send('GET', `${tagsPath}?n=2`)
    assert.deepEqual(tagsIn(answer), ['a', 'b'])
    assert.equal(answer.headers.get('link'), null)
  })

  test('n=0 is an empty list without a Link', async (t) => {
    const client = await withTags(t, ['a', 'b'])
    const answer = await client.send('GET', `${tagsPath}?n=0`)
    assert.deepEqual(tagsIn(answer), [])
    assert.equal(answer.headers.get('link'), null)
  })

  for (const n of ['x', '-1', '1.5', '', '1e3', '9'.repeat(30)]) {
    test(`n=${n.slice(0, 10)} is 400`, async (t) => {
      const { url } = await startService(t)
      const answer = await ociClient(url).send('GET', `${tagsPath}?n=${n}`)
      assertRefused(answer, 400, 'UNSUPPORTED', 'page_size_invalid')
    })
  }

  test('a tag that another writer has put in ECR Public is in the next list', async (t) => {
    const service = await startService(t)
    const other = await startService(t, {
      env: { LAYERGATE_UPSTREAM_ENDPOINT: service.sandbox.url },
    })
    await pushImage(ociClient(other.url), image, 'theirs')
    const client = ociClient(service.url)
    assert.deepEqual(tagsIn(await client.send('GET', tagsPath)), ['theirs'])
  })
})
