import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import type { Findings, Flaw } from '../../../../src/registry/findings.ts'

/** Which compression each flaw can be found in. */
const causes: Readonly<Record<Flaw['cause'], readonly Findings['compression'][]>> = {
  malformed_gzip: ['gzip'],
  malformed_zstd: ['zstd'],
  malformed_tar: ['none', 'gzip', 'zstd'],
  beyond_limits: [],
}

/** What holds for the findings of every layer, whatever its bytes. */
export function assertSound(findings: Findings, layer: Uint8Array): void {
  const { compression, contents, inflatedBytes, entries, diffId, flaw, unexamined } = findings
  assert.ok(Number.isSafeInteger(inflatedBytes) && inflatedBytes >= 0)
  assert.equal(entries !== undefined, contents === 'tar')
  assert.ok(entries === undefined || entries <= inflatedBytes / 512)
  assert.ok(!flaw || !unexamined, 'it is either flawed or unexamined')
  if (flaw) assertBounded(flaw, compression)
  if (unexamined || flaw?.cause === 'malformed_gzip' || flaw?.cause === 'malformed_zstd') {
    assert.equal(diffId, undefined)
  } else if (compression !== 'none') {
    assert.match(diffId ?? '', /^sha256:[0-9a-f]{64}$/)
  }
  if (compression === 'gzip' && !unexamined) assertAsZlib(findings, layer)
}

/** Logs, answers and rows of the journal hold it. */
function assertBounded({ cause, detail, evidence }: Flaw, compression: Findings['compression']) {
  assert.ok(causes[cause].includes(compression), `${cause} in ${compression}`)
  assert.ok(detail.length <= 300, detail)
  assert.ok(Object.keys(evidence).length <= 10)
  assert.equal(typeof evidence['problem'], 'string')
  for (const value of Object.values(evidence)) {
    if (typeof value === 'number') assert.ok(Number.isFinite(value))
    else assert.ok(value.length <= 120, value)
  }
}

/** zlib itself finds the same, but for bytes behind the last member: it passes over zeros there. */
function assertAsZlib({ flaw, diffId, inflatedBytes }: Findings, layer: Uint8Array): void {
  const inflated = attempt(() => gunzipSync(layer))
  if (flaw?.cause === 'malformed_gzip') {
    if (flaw.evidence['problem'] !== 'trailing_bytes') assert.equal(inflated, undefined)
    return
  }
  assert.ok(inflated, 'zlib refuses what was found good')
  assert.equal(inflatedBytes, inflated.length)
  assert.equal(diffId, `sha256:${createHash('sha256').update(inflated).digest('hex')}`)
}

function attempt<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
