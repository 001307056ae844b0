import assert from 'node:assert/strict'
import test from 'node:test'
import { verdictJson } from '../../src/commands/verify/verdict-json.ts'
import { renderVerdict } from '../../src/commands/verify/verdict-text.ts'
import type { Verdict } from '../../src/commands/verify/verdict.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import { sha256Digest } from '../../src/registry/digest.ts'
import { type Findings, unexamined } from '../../src/registry/findings.ts'

const expected = sha256Digest('a'.repeat(64))
const other = sha256Digest('b'.repeat(64))
const diffId = sha256Digest('c'.repeat(64))
const gzip: Findings = {
  compression: 'gzip',
  contents: 'tar',
  inflatedBytes: 10_240,
  entries: 210,
  diffId,
}

function verdict(findings: Findings, differences: Partial<Verdict> = {}): Verdict {
  return { expected, actual: { digest: expected, sizeBytes: 12_345 }, findings, ...differences }
}

const { diffId: _, ...unknownInside } = gzip

for (const [what, findings, words] of [
  ['a gzip layer', gzip, `gzip, tar with 210 entries, diff_id ${diffId}`],
  ['one entry', { ...gzip, entries: 1 }, `gzip, tar with 1 entry, diff_id ${diffId}`],
  [
    'a zstd layer',
    { ...gzip, compression: 'zstd' },
    `zstd, tar with 210 entries, diff_id ${diffId}`,
  ],
  [
    'a layer that is not compressed',
    { ...gzip, compression: 'none', diffId: expected },
    'not compressed, tar with 210 entries',
  ],
  ['an opaque one', { ...gzip, contents: 'opaque' }, `gzip, no tar archive, diff_id ${diffId}`],
  ['base64', { ...gzip, contents: 'base64' }, `gzip, base64, diff_id ${diffId}`],
  ['nothing inside', { ...gzip, contents: 'empty' }, `gzip, empty inside, diff_id ${diffId}`],
] as const) {
  test(`${what} is told in one line`, () => {
    const [line] = renderVerdict(verdict(findings)).split('\n')
    assert.equal(line, `good: ${expected} (12345 bytes, ${words})`)
  })
}

test('a sound archive gets no further word', () => {
  assert.equal(renderVerdict(verdict(gzip)).split('\n').length, 2)
})

for (const [reason, words] of [
  ['ratio', 'it inflates to more than LAYERGATE_INSPECT_MAX_RATIO allows, after 10240'],
  ['bytes', 'it inflates to more than LAYERGATE_INSPECT_MAX_BYTES allows, after 10240'],
  ['entries', 'it has more entries than LAYERGATE_INSPECT_MAX_ENTRIES allows, after 10240'],
  ['work', 'it inflates to far more than its size is worth inspecting, after 10240'],
  ['memory', 'its zstd frames want more memory than the inspection gives, after 10240'],
] as const) {
  test(`a layer beyond the limit of ${reason} is good, and that is told`, () => {
    const text = renderVerdict(verdict({ ...unknownInside, unexamined: reason }))
    assert.equal(
      text,
      `good: ${expected} (12345 bytes, gzip, not examined to its end)
not examined: ${words} inflated bytes. The digest matches; the contents may still be broken.
`,
    )
  })
}

test('an inspection that failed is told', () => {
  assert.equal(
    renderVerdict(verdict(unexamined('failed'))),
    `good: ${expected} (12345 bytes, not examined)
not examined: the inspection failed. The digest matches; the contents may still be broken.
`,
  )
})

const flaw = {
  cause: 'malformed_gzip',
  detail: 'The file ends within gzip member 1.',
  evidence: { problem: 'ends_early', member: 1 },
} as const
const actual = { digest: other, sizeBytes: 345 }
const mismatch = verdict(
  { ...unknownInside, flaw },
  {
    actual,
    refusal: {
      code: 'digest_mismatch',
      detail: `Expected ${expected}, but the 345 bytes that came have ${other}.`,
      diagnosis: diagnosis('truncated', { receivedBytes: 345, problem: 'ends_early' }),
    },
  },
)

test('a mismatch is told with its cause, evidence, contents and advice', () => {
  assert.equal(
    renderVerdict(mismatch),
    `refused: digest_mismatch: Expected ${expected}, but the 345 bytes that came have ${other}.
cause: truncated
evidence: receivedBytes 345, problem ends_early
contents: gzip, broken: The file ends within gzip member 1.
advice: Send the whole file: look for a full disk, a crash or a timeout where it was written.
`,
  )
})

test('broken contents are told once', () => {
  const { cause, detail, evidence } = flaw
  const refusal = { code: cause, detail, diagnosis: diagnosis(cause, evidence) }
  assert.equal(
    renderVerdict(verdict({ ...unknownInside, flaw }, { refusal })),
    `refused: malformed_gzip: The file ends within gzip member 1.
cause: malformed_gzip
evidence: problem ends_early, member 1
advice: Build the layer again and check it with layergate verify before it is pushed.
`,
  )
})

test('where there is no evidence, there is no line for it', () => {
  const refusal = {
    code: 'layer_empty',
    detail: 'No bytes came.',
    diagnosis: diagnosis('empty', {}),
  } as const
  assert.doesNotMatch(renderVerdict(verdict(gzip, { refusal })), /evidence/)
})

test('nothing that a terminal would obey gets into the words', () => {
  const detail = 'The header of "a\u001B[31m\u0007\r\n\u202Eb" is wrong.'
  const evidence = { path: '\u009B2J\u2028' }
  const refusal = {
    code: 'malformed_tar',
    detail,
    diagnosis: diagnosis('malformed_tar', evidence),
  } as const
  const text = renderVerdict(verdict(gzip, { refusal }))
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
  assert.equal(text.split('\n').length, 5)
})

test('programs get the refusal under the names of the HTTP API, and what was found', () => {
  assert.deepEqual(JSON.parse(verdictJson(mismatch, 'layer.tar.gz')), {
    file: 'layer.tar.gz',
    result: 'refused',
    code: 'digest_mismatch',
    detail: `Expected ${expected}, but the 345 bytes that came have ${other}.`,
    expected: { digest: expected },
    actual,
    diagnosis: diagnosis('truncated', { receivedBytes: 345, problem: 'ends_early' }),
    findings: { ...unknownInside, flaw },
  })
})

test('programs are told no error of a good layer, and no name of standard input', () => {
  assert.deepEqual(JSON.parse(verdictJson(verdict(gzip), undefined)), {
    result: 'good',
    expected: { digest: expected },
    actual: { digest: expected, sizeBytes: 12_345 },
    findings: gzip,
  })
})
