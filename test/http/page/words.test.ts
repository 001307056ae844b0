import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, counted, digestText, spanText, until } from '../../../src/http/page/words.ts'

const now = new Date('2026-03-09T14:32:07.250Z')
const from = (ms: number) => new Date(now.getTime() + ms)

for (const [seconds, text] of [
  [-1, '0 s'],
  [0.9, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3_599, '59 min'],
  [3_600, '1 h'],
  [86_399, '23 h'],
  [86_400, '1 d'],
  [864_000, '10 d'],
] as const) {
  test(`${seconds} s are ${text}`, () => {
    assert.equal(spanText(seconds * 1000), text)
  })
}

test('a time is told as how long ago it was, and as what it is', () => {
  assert.equal(
    ago(from(-180_000), now).toString(),
    '<time datetime="2026-03-09T14:29:07.250Z" title="2026-03-09 14:29:07 UTC">3 min ago</time>',
  )
})

test('a time to come is told as how long it takes, and as now once it has come', () => {
  assert.match(until(from(180_000), now).toString(), />in 3 min</)
  assert.match(until(from(-1), now).toString(), />now</)
})

test('one is not told as many', () => {
  assert.deepEqual(
    [0, 1, 2, 12_345].map((count) => counted(count, 'thing')),
    ['0 things', '1 thing', '2 things', '12,345 things'],
  )
})

test('all of a digest is there to be copied', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const text = digestText(digest).toString()
  assert.equal(text, `<code class="digest" title="${digest}">${digest}</code>`)
})
