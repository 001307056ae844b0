import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  maxTotalBytes,
  maxValueBytes,
  workloadClaims,
} from '../../../src/access/credentials/workload-claims.ts'

test('only strings are claims', () => {
  const payload = { ref: 'main', iat: 1, ok: true, none: null, list: ['a'], empty: '' }
  assert.deepEqual(workloadClaims(payload), { ref: 'main', empty: '' })
})

test("Kubernetes' claims have the way to them in their names", () => {
  const payload = {
    'kubernetes.io': {
      namespace: 'ci',
      pod: { name: 'build-1', uid: 'u1' },
      serviceaccount: { name: 'builder', uid: 'u2' },
      warnafter: 1,
    },
  }
  assert.deepEqual(workloadClaims(payload), {
    'kubernetes.io/namespace': 'ci',
    'kubernetes.io/pod/name': 'build-1',
    'kubernetes.io/pod/uid': 'u1',
    'kubernetes.io/serviceaccount/name': 'builder',
    'kubernetes.io/serviceaccount/uid': 'u2',
  })
})

test('a claim whose own name has slashes stays as it is', () => {
  const payload = { 'oidc.circleci.com/project-id': 'p1' }
  assert.deepEqual(workloadClaims(payload), payload)
})

test('of two claims that come to one name neither is kept', () => {
  const payload = { 'a/b': 'flat', a: { b: 'nested', c: 'other' } }
  assert.deepEqual(workloadClaims(payload), { 'a/c': 'other' })
})

test('a value that nobody could keep is left out', () => {
  const payload = { long: 'x'.repeat(maxValueBytes + 1), short: 'x'.repeat(maxValueBytes) }
  assert.deepEqual(Object.keys(workloadClaims(payload) ?? {}), ['short'])
})

test('claims that are too large together are none at all', () => {
  const many = Object.fromEntries(
    Array.from({ length: maxTotalBytes / 100 }, (_, index) => [`c${index}`, 'x'.repeat(100)]),
  )
  assert.equal(workloadClaims({ ...many, event_name: 'pull_request' }), undefined)
})

test('what is nested too deeply is left out', () => {
  const payload = { a: { b: { c: { d: 'kept', e: { f: 'lost' } } } } }
  assert.deepEqual(workloadClaims(payload), { 'a/b/c/d': 'kept' })
})

test('a claim named like a property of every object is one like others', () => {
  const payload: Record<string, unknown> = JSON.parse('{"__proto__":"a","constructor":"b"}')
  const claims = workloadClaims(payload) ?? {}
  assert.deepEqual(Object.entries(claims), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
})
