import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { execPath } from 'node:process'
import { test } from 'node:test'
import { installedClient } from './installed-client.ts'

const install = 'install it from its site'
const folders = [dirname(execPath)]

test('a client that is installed runs, in CI and elsewhere', () => {
  for (const inCi of [true, false]) {
    const client = installedClient('node', { folders, install, inCi })
    assert.equal(client.skip, false)
    assert.equal(client.path(), execPath)
  }
})

test('a missing client is skipped with the way to install it', () => {
  const client = installedClient('no-such-client', { folders, install, inCi: false })
  assert.equal(client.skip, 'no-such-client is missing: install it from its site')
})

test('a missing client fails in CI', () => {
  const client = installedClient('no-such-client', { folders, install, inCi: true })
  assert.equal(client.skip, false)
  assert.throws(() => client.path(), /no-such-client is missing: install it from its site/)
})
