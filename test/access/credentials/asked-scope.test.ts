import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { askedScope } from '../../../src/access/credentials/asked-scope.ts'

function asked(...scopes: string[]): Record<string, string[]> {
  const entries = [...askedScope(scopes)]
  return Object.fromEntries(entries.map(([name, actions]) => [name, [...actions]]))
}

for (const [scope, expected] of [
  ['repository:acme/app:pull,push', { 'acme/app': ['pull', 'push'] }],
  ['repository:acme/app:push,pull', { 'acme/app': ['push', 'pull'] }],
  ['repository:acme/app:*', { 'acme/app': ['pull', 'push'] }],
  ['repository:acme/app:pull,delete', { 'acme/app': ['pull'] }],
  [
    'repository:acme/app:pull repository:acme/base:pull',
    { 'acme/app': ['pull'], 'acme/base': ['pull'] },
  ],
  ['repository:acme/app:pull  repository:acme/app:push', { 'acme/app': ['pull', 'push'] }],
  ['repository:acme/app:', { 'acme/app': [] }],
  ['repository:acme/app:toString,constructor', { 'acme/app': [] }],
  ['', {}],
  ['repository', {}],
  ['repository:acme/app', {}],
  ['repository::pull', {}],
  ['repository:ACME/app:pull', {}],
  ['repository:../../etc:pull', {}],
  ['repository:host:5000/acme/app:pull', {}],
  ['repository(plugin):acme/app:pull', {}],
  ['registry:catalog:*', {}],
  ['registry:catalog:* repository:acme/app:pull', { 'acme/app': ['pull'] }],
] as const) {
  test(`${JSON.stringify(scope)} asks for ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(asked(scope), expected)
  })
}

test('several scopes add up', () => {
  const scopes = [
    'repository:acme/app:pull',
    'repository:acme/base:pull',
    'repository:acme/app:push',
  ]
  assert.deepEqual(asked(...scopes), { 'acme/app': ['pull', 'push'], 'acme/base': ['pull'] })
})

test('of too many repositories the first ones count', () => {
  const scopes = Array.from({ length: 30 }, (_, index) => `repository:acme/app${index}:pull`)
  const names = Object.keys(asked(...scopes, 'repository:acme/app0:push'))
  assert.equal(names.length, 20)
  assert.deepEqual(asked(...scopes, 'repository:acme/app0:push')['acme/app0'], ['pull', 'push'])
})

test('whatever comes, it is a scope', () => {
  const part = fc.oneof(fc.string(), fc.constantFrom('repository', ':', 'pull', ',', ' ', 'a/b'))
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      for (const [name] of askedScope([parts.join('')])) assert.match(name, /^[a-z0-9/._-]+$/)
    }),
  )
})
