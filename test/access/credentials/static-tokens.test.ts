import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { findAgent } from '../../../src/access/credentials/static-tokens.ts'
import { agentOf, hashOf } from './support/setup-credentials.ts'

const agents = [agentOf('one', 'first', 'second'), agentOf('two', 'third'), agentOf('none')]

for (const [token, agent] of [
  ['first', 'one'],
  ['second', 'one'],
  ['third', 'two'],
] as const) {
  test(`${token} is a token of ${agent}`, () => {
    assert.deepEqual(findAgent(agents, token), { agent, tokenHash: hashOf(token) })
  })
}

for (const token of ['', 'firs', 'first ', 'First', hashOf('first'), `sha256:${hashOf('first')}`]) {
  test(`${JSON.stringify(token.slice(0, 20))} is nobody's`, () => {
    assert.equal(findAgent(agents, token), undefined)
  })
}

test('a token beyond ASCII is hashed as UTF-8', () => {
  const tokenHash = createHash('sha256').update(Buffer.from('schlüssel', 'utf8')).digest('hex')
  const agent = { ...agentOf('one'), tokenHashes: [tokenHash] }
  assert.equal(findAgent([agent], 'schlüssel')?.agent, 'one')
})

test('hashes in capitals are the same', () => {
  const agent = { ...agentOf('one'), tokenHashes: [hashOf('first').toUpperCase()] }
  assert.equal(findAgent([agent], 'first')?.agent, 'one')
})
