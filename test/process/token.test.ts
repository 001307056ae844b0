import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import test from 'node:test'
import { parsePolicy } from '../../src/access/policy/parse-policy.ts'
import { spawned } from '../support/spawned.ts'

test('token prints a token, and the lines that make it valid', async (t) => {
  const process = await spawned(t, ['token', 'linux-builders'])
  assert.equal(await process.exit(), 0)
  const [token = '', ...lines] = process.stdout().split('\n')
  assert.match(token, /^lg_[A-Za-z0-9_-]{43}$/)
  const text = `version: 1\ndestinations: []\nagents:\n${lines.join('\n')}    grants: []\n`
  const { agents } = parsePolicy(text, { kind: 'aws' })
  assert.deepEqual(
    agents.map(({ name, tokenHashes }) => [name, tokenHashes]),
    [['linux-builders', [createHash('sha256').update(token).digest('hex')]]],
  )
  assert.ok(!process.stderr().includes(token))
  assert.deepEqual(await readdir(process.dataDir), [])
})

test('no two tokens are the same', async (t) => {
  const [one, other] = [await spawned(t, ['token', 'a']), await spawned(t, ['token', 'a'])]
  assert.deepEqual([await one.exit(), await other.exit()], [0, 0])
  assert.notEqual(one.stdout(), other.stdout())
})

for (const [args, words] of [
  [[], 'NAME is missing; see token --help.\n'],
  [['a', 'b'], 'Unknown argument "b".\n'],
  [
    ['a/b'],
    'NAME must be made of lower-case letters, digits, ".", "_" and "-", begin with a letter or digit, and have 63 characters at most.\n',
  ],
] as const) {
  test(`token ${args.join(' ')} makes no sense, which it says, and exits 2`, async (t) => {
    const process = await spawned(t, ['token', ...args])
    assert.equal(await process.exit(), 2)
    assert.deepEqual([process.stdout(), process.stderr()], ['', words])
  })
}
