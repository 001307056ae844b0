import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoryName } from '../support/open-sandbox.ts'
import {
  errorOf,
  imagePath,
  openRegistry,
  pushImage,
  putImage,
  type Registry,
} from '../support/registry.ts'

const tagsPath = `${imagePath}/tags/list`

async function pushTags({ client }: Registry, ...tags: readonly string[]): Promise<void> {
  const manifest = await pushImage(client, 'layer')
  for (const tag of tags) await putImage(client, manifest, tag)
}

async function list({ ask }: Registry, path: string) {
  const answer = await ask(path)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  const { name, tags } = Object(await answer.json())
  const [, next] = /^<(.+)>; rel="next"$/.exec(answer.headers.get('link') ?? '') ?? []
  return { name, tags, next }
}

test('tags are listed in order, and none of an image without', async (t) => {
  const registry = await openRegistry(t)
  const name = `sandbox/${repositoryName}`
  await pushImage(registry.client, 'untagged')
  assert.deepEqual(await list(registry, tagsPath), { name, tags: [], next: undefined })
  await pushTags(registry, 'v2', 'v1', 'V3', 'v10')
  const tags = ['V3', 'v1', 'v10', 'v2']
  assert.deepEqual(await list(registry, tagsPath), { name, tags, next: undefined })
})

test('pages are followed by their Link to the last, which has none', async (t) => {
  const registry = await openRegistry(t)
  const tags = ['a', 'b', 'c', 'd', 'e']
  await pushTags(registry, ...tags)
  const pages = []
  let next: string | undefined = `${tagsPath}?n=2`
  while (next !== undefined) {
    const page = await list(registry, next)
    pages.push(page.tags)
    next = page.next
  }
  assert.deepEqual(pages, [['a', 'b'], ['c', 'd'], ['e']])
})

test('last is exclusive, and need not be a tag', async (t) => {
  const registry = await openRegistry(t)
  await pushTags(registry, 'a', 'b', 'c')
  assert.deepEqual((await list(registry, `${tagsPath}?last=a`)).tags, ['b', 'c'])
  assert.deepEqual((await list(registry, `${tagsPath}?last=bb`)).tags, ['c'])
  assert.deepEqual((await list(registry, `${tagsPath}?last=c`)).tags, [])
})

test('n=0 is an empty list without a Link, and a full page has none either', async (t) => {
  const registry = await openRegistry(t)
  await pushTags(registry, 'a', 'b')
  const { tags, next } = await list(registry, `${tagsPath}?n=0`)
  assert.deepEqual([tags, next], [[], undefined])
  assert.equal((await list(registry, `${tagsPath}?n=2`)).next, undefined)
  const answer = await registry.ask(`${tagsPath}?n=many`)
  assert.deepEqual(await errorOf(answer), [400, 'PAGINATION_NUMBER_INVALID'])
})

test('with tagPaging ignored every tag comes, whatever is asked', async (t) => {
  const registry = await openRegistry(t, { switches: { tagPaging: 'ignored' } })
  await pushTags(registry, 'a', 'b', 'c')
  const { tags, next } = await list(registry, `${tagsPath}?n=1&last=a`)
  assert.deepEqual([tags, next], [['a', 'b', 'c'], undefined])
})

test('the tags of an unknown repository, or another list, are NAME_UNKNOWN', async (t) => {
  const { ask } = await openRegistry(t)
  for (const path of ['/v2/sandbox/team/other/tags/list', `${imagePath}/tags/all`]) {
    assert.deepEqual(await errorOf(await ask(path)), [404, 'NAME_UNKNOWN'])
  }
})
