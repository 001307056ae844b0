import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createListTags, type TagPage } from '../../src/reads/list-tags.ts'
import { codeIs } from '../support/code-is.ts'
import { createFakeCatalog } from '../support/fake-catalog.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { answers, failures, never, targetOf } from './setup.ts'

const target = targetOf()

function list(page: TagPage) {
  const catalog = createFakeCatalog()
  catalog.putManifest('{}', 'b', 'a', 'C', 'd')
  return createListTags(catalog)(target, page, never)
}

const pages: readonly [TagPage, readonly string[], string?][] = [
  [{}, ['C', 'a', 'b', 'd']],
  [{ n: 4 }, ['C', 'a', 'b', 'd']],
  [{ n: 9 }, ['C', 'a', 'b', 'd']],
  [{ n: 3 }, ['C', 'a', 'b'], 'b'],
  [{ n: 1 }, ['C'], 'C'],
  [{ n: 0 }, []],
  [{ n: 0, last: 'a' }, []],
  [{ n: 2, last: 'C' }, ['a', 'b'], 'b'],
  [{ n: 2, last: 'a' }, ['b', 'd']],
  [{ last: 'a' }, ['b', 'd']],
  [{ last: 'aa' }, ['b', 'd']],
  [{ n: 1, last: 'aa' }, ['b'], 'b'],
  [{ last: '' }, ['C', 'a', 'b', 'd']],
  [{ last: 'd' }, []],
  [{ n: 5, last: 'z' }, []],
]

for (const [page, tags, next] of pages) {
  const more = next === undefined ? 'and no next page' : `and the next after ${next}`
  test(`${JSON.stringify(page)} of C, a, b and d is [${tags.join()}] ${more}`, async () => {
    assert.deepEqual(await list(page), { tags, ...(next !== undefined && { next }) })
  })
}

test('a repository without tags has none, and no next page', async () => {
  const listTags = createListTags(createFakeCatalog())
  assert.deepEqual(await listTags(target, { n: 1 }, never), { tags: [] })
})

test('tags are asked for each time, an empty page included', async () => {
  const catalog = createFakeCatalog()
  const listTags = createListTags(catalog)
  await listTags(target, { n: 0 }, never)
  catalog.putManifest('{}', 'v1')
  assert.deepEqual(await listTags(target, {}, never), { tags: ['v1'] })
  assert.equal(catalog.calls.length, 2)
  assert.equal(catalog.calls[0]?.call.repository, target.repository)
})

for (const failure of failures) {
  test(`the tags of an upstream that is ${failure} are an error`, async () => {
    const listTags = createListTags({ tags: () => Promise.reject(upstreamError(failure)) })
    await assert.rejects(listTags(target, { n: 0 }, never), codeIs(answers[failure]))
  })
}
