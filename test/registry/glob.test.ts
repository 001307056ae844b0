import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createClaimGlob, createGlob } from '../../src/registry/glob.ts'

for (const [pattern, yes, no] of [
  ['acme/app', ['acme/app'], ['acme/ap', 'acme/apps', 'x/acme/app', 'acme/app/x', 'acme']],
  ['acme/*', ['acme/app', 'acme/a.b-c'], ['acme', 'acme/a/b', 'acmes/app', 'x/acme/app']],
  ['acme/**', ['acme/app', 'acme/a/b/c'], ['acme', 'acmes/app', 'x/acme/app']],
  ['**', ['a', 'a/b', 'a/b/c'], []],
  ['*', ['a', 'abc'], ['a/b']],
  ['**/app', ['app', 'x/app', 'x/y/app'], ['apps', 'x/apps', 'app/x']],
  ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['az', 'a/b', 'a/zz', 'b/z']],
  ['a/**/b/**', ['a/b/c', 'a/x/b/c', 'a/b/b'], ['a/b', 'a/x/b', 'a/c/b']],
  ['**/**', ['a', 'a/b'], []],
  ['a/**/*', ['a/b', 'a/b/c'], ['a']],
  ['*-app-*', ['my-app-1', '-app-', 'x-app-app-y'], ['my-app', 'app-1', 'a/my-app-1']],
  ['v*', ['v', 'v1', 'v1.2.3'], ['1.v', 'V1']],
  ['a*b*c', ['abc', 'aXbXbc', 'abcbc'], ['ab', 'acb', 'a/b/c']],
  ['a.c', ['a.c'], ['abc', 'a/c']],
  ['a[bc]?', ['a[bc]?'], ['ab', 'abx']],
] as const) {
  test(`"${pattern}" stands for ${yes.join(', ')}`, () => {
    const matches = createGlob(pattern)
    assert.deepEqual(
      yes.filter((text) => !matches(text)),
      [],
    )
  })
  test(`"${pattern}" does not stand for ${no.join(', ') || 'nothing'}`, () => {
    const matches = createGlob(pattern)
    assert.deepEqual(no.filter(matches), [])
  })
}

for (const [pattern, yes, no] of [
  ['refs/heads/*', ['refs/heads/main'], ['refs/heads/a/b', 'refs/heads', 'refs/tags/x']],
  ['repo:acme/*:ref:*', ['repo:acme/app:ref:x'], ['repo:acme/a/b:ref:x', 'repo:acme@1/app:ref:x']],
  ['*@1', ['acme@1'], ['acme', 'a@b@1', 'a/b@1', 'acme@12']],
  ['a/*', ['a/b', 'a/'], ['a@b', 'a']],
] as const) {
  test(`for claims "${pattern}" stands for ${yes.join(', ')} and not for ${no.join(', ')}`, () => {
    const matches = createClaimGlob(pattern)
    assert.deepEqual(
      yes.filter((text) => !matches(text)),
      [],
    )
    assert.deepEqual(no.filter(matches), [])
  })
}

/** Says the same, slowly, by trying everything. */
function naive(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = pattern
  if (head === undefined) return text.length === 0
  if (head !== '**') {
    const [first, ...others] = text
    return first !== undefined && naiveSegment(head, first) && naive(rest, others)
  }
  const least = rest.length === 0 ? 1 : 0
  return (
    text.some((_, at) => at >= least && naive(rest, text.slice(at))) ||
    (text.length >= least && naive(rest, []))
  )
}

function naiveSegment(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (!pattern.startsWith('*')) {
    return pattern[0] === text[0] && naiveSegment(pattern.slice(1), text.slice(1))
  }
  const isMet = (at: number) => naiveSegment(pattern.slice(1), text.slice(at))
  return Array.from({ length: text.length + 1 }, (_, at) => at).some(isMet)
}

const segment = (units: readonly string[]) =>
  fc.array(fc.constantFrom(...units), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
const text = fc.array(segment(['a', 'b', '-']), { minLength: 1, maxLength: 5 })
const pattern = fc.array(
  fc.oneof(
    segment(['a', 'b', '*']).filter((part) => !part.includes('**')),
    fc.constant('**'),
  ),
  { minLength: 1, maxLength: 5 },
)

test('a glob says the same as one that tries everything', () => {
  fc.assert(
    fc.property(pattern, text, (wanted, given) => {
      const expected = naive(wanted, given)
      assert.equal(createGlob(wanted.join('/'))(given.join('/')), expected)
    }),
    { numRuns: 2000 },
  )
})

test('a pattern without asterisks stands for itself alone', () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [wanted, given] = [one.join('/'), other.join('/')]
      assert.equal(createGlob(wanted)(given), wanted === given)
      assert.equal(createClaimGlob(wanted)(given), wanted === given)
      assert.ok(createGlob(wanted)(wanted))
    }),
  )
})

test('many asterisks take no longer than few', () => {
  assert.equal(createGlob(`${'*a'.repeat(100)}b`)('a'.repeat(200)), false)
  assert.equal(createClaimGlob(`${'*a'.repeat(100)}b`)('a'.repeat(10_000)), false)
  assert.equal(createGlob(`${'**/a/'.repeat(100)}b`)('a/'.repeat(10_000)), false)
})
