import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocument } from 'yaml'
import { standingOf } from '../../../src/access/decide.ts'
import { parsePolicy } from '../../../src/access/policy/parse-policy.ts'
import { fencedBlocks, readPage } from '../../docs/pages.ts'
import { aws, named } from './setup.ts'

const page = await readPage('docs/access.md')
const blocks = fencedBlocks(page, 'yaml')

/** The lines of policy that the page has for an issuer. */
function issuerBlock(name: string): string {
  const block = blocks.find((text) => text.startsWith(`issuers:\n  - name: ${name}\n`))
  return block ?? assert.fail(`There is no issuer ${name}.`)
}

/** What the commands of its section push to. */
function pushedBy(name: string): string {
  const section = page.text.split(/^## /m).find((text) => text.includes(issuerBlock(name)))
  const push = /(?:docker push |docker:\/\/)layergate\.example\/([a-z/]+):/.exec(section ?? '')
  return push?.[1] ?? assert.fail(`Nothing is pushed by ${name}.`)
}

test('every YAML block of docs/access.md is YAML', () => {
  assert.ok(blocks.length > 5)
  for (const block of blocks) assert.deepEqual(parseDocument(block).errors, [], block)
})

test('docs/access.md begins with a whole policy, which is one', () => {
  const [first = ''] = blocks
  assert.equal(parsePolicy(first, aws).agents[0]?.name, 'builder')
})

for (const [name, claims] of [
  ['github', { repository_owner_id: '1234', repository: 'acme/app', ref: 'refs/heads/main' }],
  ['gitlab', { project_id: '5678', ref_protected: 'true' }],
  ['cluster', { sub: 'system:serviceaccount:ci:builder' }],
] as const) {
  test(`the issuer ${name} of docs/access.md is one, and lets its job push what that pushes`, () => {
    const destinations = 'destinations: [{ name: default, repositories: ["**"] }]'
    const policy = parsePolicy(`version: 1\n${destinations}\n${issuerBlock(name)}`, aws)
    assert.deepEqual(
      policy.issuers.map((issuer) => issuer.name),
      [name],
    )
    const standing = standingOf(policy, { kind: 'workload', issuer: name, subject: '', claims })
    assert.ok(standing.decide('push', named(pushedBy(name))).isAllowed)
    assert.ok(!standing.decide('push', named('other/app')).isAllowed)
  })
}

test('docs/access.md mounts what its policy reads, and asks for a token of its audience', () => {
  const [proxy = '', pusher = ''] = blocks.filter((text) => text.includes('projected:'))
  const files = issuerBlock('cluster').matchAll(/(?:caFile|tokenFile): \/var\/run\/cluster\/(\S+)/g)
  const names = [...files].map(([, name = '']) => name)
  assert.deepEqual(names, ['ca.crt', 'token'])
  for (const name of names) assert.ok(proxy.includes(`path: ${name}`), name)
  assert.ok(proxy.includes('mountPath: /var/run/cluster,'))
  assert.doesNotMatch(proxy, /audience:/)
  assert.match(pusher, /audience: layergate,.* path: token /)
  assert.ok(pusher.includes('serviceAccountName: builder'))
})
