import { settings } from '../../config/settings.ts'
import type { Evidence } from '../../registry/diagnosis.ts'
import type { Compression, Contents, Findings, UnexaminedReason } from '../../registry/findings.ts'
import { plain } from '../../registry/plain-text.ts'
import type { Verdict } from './verdict.ts'

/** For people: a few lines. */
export function renderVerdict({ actual, findings, refusal }: Verdict): string {
  const found = findingsText(findings)
  if (!refusal) {
    const { digest, sizeBytes } = actual
    return lines([`good: ${digest} (${sizeBytes} bytes, ${found})`, ...notes(findings)])
  }
  const { code, detail, diagnosis } = refusal
  const evidence = evidenceText(diagnosis.evidence)
  return lines([
    `refused: ${code}: ${detail}`,
    `cause: ${diagnosis.cause}`,
    ...(evidence === '' ? [] : [`evidence: ${evidence}`]),
    ...(code === 'digest_mismatch' ? [`contents: ${found}`] : []),
    `advice: ${diagnosis.advice}`,
  ])
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${plain(text)}\n`).join('')
}

function evidenceText(evidence: Evidence): string {
  return Object.entries(evidence)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

const compressions: Readonly<Record<Compression, string>> = {
  none: 'not compressed',
  gzip: 'gzip',
  zstd: 'zstd',
}

const noArchives: Readonly<Record<Exclude<Contents, 'tar'>, string>> = {
  html: 'an HTML page',
  base64: 'base64',
  opaque: 'no tar archive',
  empty: 'empty inside',
}

function findingsText(findings: Findings): string {
  const { compression, contents, entries, diffId, flaw, unexamined } = findings
  const packed = compressions[compression]
  if (unexamined === 'failed') return 'not examined'
  if (flaw) return `${packed}, broken: ${flaw.detail}`
  if (unexamined) return `${packed}, not examined to its end`
  const inside = contents === 'tar' ? `tar with ${entriesText(entries ?? 0)}` : noArchives[contents]
  const isPacked = compression !== 'none' && diffId !== undefined
  return [packed, inside, ...(isPacked ? [`diff_id ${diffId}`] : [])].join(', ')
}

function entriesText(entries: number): string {
  return entries === 1 ? '1 entry' : `${entries} entries`
}

/** What a good layer may still come to grief at. */
function notes({ contents, inflatedBytes, unexamined }: Findings): readonly string[] {
  if (unexamined) {
    const why = reasons[unexamined] ?? unexamined
    const after = unexamined === 'failed' ? '' : `, after ${inflatedBytes} inflated bytes`
    return [`not examined: ${why}${after}. The digest matches; the contents may still be broken.`]
  }
  if (contents === 'tar') return []
  return ['note: no tar archive is in it, so an image that names it as a layer would be refused.']
}

const reasons: Readonly<Partial<Record<UnexaminedReason, string>>> = {
  ratio: `it inflates to more than ${settings.inspectMaxRatio.name} allows`,
  bytes: `it inflates to more than ${settings.inspectMaxBytes.name} allows`,
  entries: `it has more entries than ${settings.inspectMaxEntries.name} allows`,
  memory: 'its zstd frames want more memory than the inspection gives',
  work: 'it inflates to far more than its size is worth inspecting',
  failed: 'the inspection failed',
}
