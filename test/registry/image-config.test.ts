import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDiffIds } from '../../src/registry/image-config.ts'

const diffIds = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`]

function parse(json: unknown) {
  return parseDiffIds(Buffer.from(JSON.stringify(json)))
}

test('the diff_ids of a config are read in their order', () => {
  const config = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' } }
  const rootfs = { ...config.rootfs, diff_ids: diffIds }
  assert.deepEqual(parse({ ...config, rootfs }), diffIds)
  assert.deepEqual(parse({ ...config, rootfs: { diff_ids: diffIds.toReversed() } }), [
    diffIds[1],
    diffIds[0],
  ])
})

test('bytes within a larger buffer are read alone', () => {
  const text = JSON.stringify({ rootfs: { diff_ids: diffIds } })
  const larger = Buffer.from(`garbage${text}garbage`)
  const bytes = new Uint8Array(larger.buffer, larger.byteOffset + 7, text.length)
  assert.deepEqual(parseDiffIds(bytes), diffIds)
})

for (const [what, json] of [
  ['no rootfs', {}],
  ['a rootfs that is null', { rootfs: null }],
  ['no list', { rootfs: { type: 'layers' } }],
  ['a list that was never filled', { rootfs: { diff_ids: null } }],
  ['an empty list', { rootfs: { diff_ids: [] } }],
] as const) {
  test(`a config with ${what} says nothing of layers`, () => {
    assert.equal(parse(json), undefined)
  })
}

test('bytes that are no UTF-8 within a text are no matter: whoever unpacks images takes them', () => {
  const bytes = Buffer.from(JSON.stringify({ author: '?', rootfs: { diff_ids: diffIds } }))
  bytes[bytes.indexOf('?')] = 0xfc
  assert.deepEqual(parseDiffIds(bytes), diffIds)
})

for (const [what, text] of [
  ['nothing at all', ''],
  ['no JSON', '{'],
  ['JSON behind a byte order mark', '\uFEFF{}'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a text', '"{}"'],
  ['a rootfs that is no object', '{"rootfs":[]}'],
  ['diff_ids that are no list', '{"rootfs":{"diff_ids":{}}}'],
  ['a diff_id that is no text', '{"rootfs":{"diff_ids":["sha256:a",1]}}'],
] as const) {
  test(`a config that has ${what} is unreadable`, () => {
    assert.equal(parseDiffIds(Buffer.from(text)), 'unreadable')
  })
}
