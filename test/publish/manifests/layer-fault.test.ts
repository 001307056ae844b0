import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layerFault, type StoredBlob } from '../../../src/publish/manifests/layer-fault.ts'
import { unexamined, type Findings, type Flaw } from '../../../src/registry/findings.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'

const gzipType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const zstdType = 'application/vnd.oci.image.layer.v1.tar+zstd'
const tarType = 'application/vnd.oci.image.layer.v1.tar'
const dockerType = 'application/vnd.docker.image.rootfs.diff.tar'
const digest = digestOf(layerBytes(100))
const diffId = digestOf(layerBytes(200))
const otherDiffId = digestOf(layerBytes(300))
const good: Findings = { compression: 'gzip', contents: 'tar', inflatedBytes: 200, diffId }
const { diffId: _, ...unread } = good
const flaw: Flaw = {
  cause: 'malformed_gzip',
  detail: 'The checksum of gzip member 1 is wrong.',
  evidence: { problem: 'checksum', offset: 92 },
}
const hold = { code: 'malformed_tar', detail: 'It ends early.' } as const

interface Case {
  readonly mediaType?: string
  readonly namedBytes?: number
  readonly diffId?: string
  readonly stored?: Partial<StoredBlob>
}

/** @param findings those of a good layer where they are not told */
function fault(findings: Findings | undefined, { mediaType = gzipType, ...more }: Case = {}) {
  const named = { mediaType, digest, sizeBytes: more.namedBytes ?? 100 }
  const stored = { sizeBytes: 100, ...(findings && { findings }), ...more.stored }
  return layerFault(named, stored, more.diffId)
}

for (const [what, findings, given] of [
  ['gzip', good, {}],
  ['gzip, with its diff_id', good, { diffId }],
  ['zstd', { ...good, compression: 'zstd' }, { mediaType: zstdType }],
  ['no compression', { ...good, compression: 'none' }, { mediaType: tarType }],
  ["Docker's gzip", good, { mediaType: `${dockerType}.gzip` }],
  ["gzip under Docker's type without compression", good, { mediaType: dockerType }],
  ['contents that were not read to their end', unread, { diffId: otherDiffId }],
  ['a diff_id of another algorithm', good, { diffId: `sha512:${'a'.repeat(128)}` }],
] as const) {
  test(`a layer of ${what} is good`, () => {
    assert.equal(fault(findings, given), undefined)
  })
}

test('a flaw that was found in a layer is told as it was found, before anything else', () => {
  const worst = { ...good, flaw, contents: 'opaque' } as const
  const given = { mediaType: zstdType, namedBytes: 99, diffId: otherDiffId }
  assert.equal(fault(worst, given), flaw)
})

test('a layer of another size is told before what it is', () => {
  assert.deepEqual(fault({ ...good, contents: 'html' }, { namedBytes: 99 }), {
    cause: 'wrong_size',
    detail: 'The manifest says that it has 99 bytes, but it has 100.',
    evidence: { namedBytes: 99, storedBytes: 100 },
  })
})

for (const [contents, compression, detail] of [
  ['html', 'none', 'It is an HTML page, and no tar archive.'],
  ['html', 'gzip', 'Without its gzip compression: It is an HTML page, and no tar archive.'],
  ['base64', 'none', 'It is base64 text, and no tar archive.'],
  ['opaque', 'none', 'It is no tar archive.'],
  ['opaque', 'zstd', 'Without its zstd compression: It is no tar archive.'],
  [
    'empty',
    'gzip',
    'Without its gzip compression: There is nothing in it, and so it is no tar archive.',
  ],
] as const) {
  test(`${contents} is no layer, ${compression === 'none' ? 'as it is' : `in ${compression}`}`, () => {
    for (const mediaType of [gzipType, zstdType, tarType, dockerType]) {
      assert.deepEqual(fault({ ...good, contents, compression }, { mediaType }), {
        cause: 'not_a_layer',
        detail,
        evidence: { contents, compression },
      })
    }
  })
}

for (const [mediaType, compression, detail] of [
  [
    gzipType,
    'none',
    `It is an uncompressed tar archive, but ${gzipType} is a gzip-compressed one.`,
  ],
  [
    gzipType,
    'zstd',
    `It is a zstd-compressed tar archive, but ${gzipType} is a gzip-compressed one.`,
  ],
  [
    zstdType,
    'gzip',
    `It is a gzip-compressed tar archive, but ${zstdType} is a zstd-compressed one.`,
  ],
  [tarType, 'gzip', `It is a gzip-compressed tar archive, but ${tarType} is an uncompressed one.`],
] as const) {
  test(`a tar archive whose compression is ${compression} is not ${mediaType}`, () => {
    assert.deepEqual(fault({ ...good, compression }, { mediaType, diffId: otherDiffId }), {
      cause: 'wrong_media_type',
      detail,
      evidence: { mediaType, compression },
    })
  })
}

test('a layer of another diff_id is told with both', () => {
  assert.deepEqual(fault(good, { diffId: otherDiffId }), {
    cause: 'wrong_diff_id',
    detail: `The config says that its diff_id is ${otherDiffId}, but it is ${diffId}.`,
    evidence: { configDiffId: otherDiffId, foundDiffId: diffId },
  })
})

test('a hostile diff_id is not told at length', () => {
  const told = fault(good, { diffId: 'x'.repeat(10_000) })
  assert.equal(told?.evidence['configDiffId'], 'x'.repeat(100))
  assert.ok(told.detail.length < 300)
})

for (const mediaType of [
  'application/vnd.in-toto+json',
  'application/vnd.dev.cosign.simplesigning.v1+json',
  'application/vnd.oci.image.layer.v1.tar+gzip+encrypted',
  'application/vnd.oci.image.layer.v1.tar+encrypted',
]) {
  test(`whatever it is, it may be called ${mediaType}; only its size counts`, () => {
    for (const contents of ['html', 'base64', 'opaque', 'empty', 'tar'] as const) {
      const findings = { ...good, contents, compression: 'none' } as const
      assert.equal(fault(findings, { mediaType, diffId: otherDiffId }), undefined)
    }
    assert.equal(fault({ ...good, flaw }, { mediaType }), undefined)
    assert.equal(fault(undefined, { mediaType, stored: { hold } }), undefined)
    assert.equal(fault(good, { mediaType, namedBytes: 101 })?.cause, 'wrong_size')
  })
}

test('of a layer that could not be examined only the size is known', () => {
  for (const reason of ['ratio', 'time', 'off'] as const) {
    assert.equal(fault(unexamined(reason), { diffId: otherDiffId }), undefined)
    assert.equal(fault(unexamined(reason), { namedBytes: 101 })?.cause, 'wrong_size')
  }
})

test('a layer that is to be refused for its limits is', () => {
  const limit = {
    cause: 'beyond_limits',
    detail: 'Too much.',
    evidence: { limit: 'bytes' },
  } as const
  assert.equal(fault({ ...unexamined('bytes'), flaw: limit }), limit)
})

test('of a layer of which nothing is kept only the size is known', () => {
  assert.equal(fault(undefined, { diffId: otherDiffId }), undefined)
  assert.equal(fault(undefined, { namedBytes: 101 })?.cause, 'wrong_size')
})

test('a diff_id of no bytes says nothing: no layer is empty', () => {
  assert.equal(fault(good, { diffId: digestOf(Buffer.alloc(0)) }), undefined)
})

test('what is held says itself why, when nothing else is kept of it', () => {
  const told = { cause: 'malformed_tar', detail: 'It ends early.', evidence: {} }
  assert.deepEqual(fault(undefined, { stored: { hold } }), told)
  assert.deepEqual(fault(unexamined('time'), { stored: { hold } }), told)
})

test('what is held for limits that count no more is good', () => {
  assert.equal(fault(good, { stored: { hold: { code: 'beyond_limits', detail: '' } } }), undefined)
})

test('what is held for no flaw is left alone', () => {
  assert.equal(fault(undefined, { stored: { hold: { code: 'internal', detail: '' } } }), undefined)
})
