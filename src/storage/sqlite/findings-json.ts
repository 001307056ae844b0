import type { FlawCause } from '../../registry/diagnosis.ts'
import type {
  Compression,
  Contents,
  Findings,
  Flaw,
  UnexaminedReason,
} from '../../registry/findings.ts'
import { parseFields, toEvidence, toFields } from './json.ts'
import { digest, type Fields, integer, oneOf, text } from './rows.ts'

const compressions: Readonly<Record<Compression, true>> = { none: true, gzip: true, zstd: true }

const contents: Readonly<Record<Contents, true>> = {
  tar: true,
  html: true,
  base64: true,
  opaque: true,
  empty: true,
}

const flawCauses: Readonly<Record<FlawCause, true>> = {
  malformed_gzip: true,
  malformed_zstd: true,
  malformed_tar: true,
  beyond_limits: true,
}

const reasons: Readonly<Record<UnexaminedReason, true>> = {
  ratio: true,
  bytes: true,
  entries: true,
  memory: true,
  work: true,
  time: true,
  failed: true,
  off: true,
}

/** @throws Error when another version wrote what this one does not know */
export function toFindings(json: string): Findings {
  const fields = parseFields(json)
  const has = (name: string) => fields[name] !== undefined
  return {
    compression: oneOf(fields, 'compression', compressions),
    contents: oneOf(fields, 'contents', contents),
    inflatedBytes: integer(fields, 'inflatedBytes'),
    ...(has('entries') && { entries: integer(fields, 'entries') }),
    ...(has('diffId') && { diffId: digest(fields, 'diffId') }),
    ...(has('flaw') && { flaw: toFlaw(toFields(fields['flaw'])) }),
    ...(has('unexamined') && { unexamined: oneOf(fields, 'unexamined', reasons) }),
  }
}

function toFlaw(fields: Fields): Flaw {
  return {
    cause: oneOf(fields, 'cause', flawCauses),
    detail: text(fields, 'detail'),
    evidence: toEvidence(fields['evidence']),
  }
}
