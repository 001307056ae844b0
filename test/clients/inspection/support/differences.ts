import { gunzipSync } from 'node:zlib'
import type { Findings } from '../../../../src/registry/findings.ts'

/** A damaged file of which a tool and the inspection do not say the same. */
export interface Difference {
  readonly file: Buffer
  readonly findings: Findings
  /** What the tool said; empty where it found nothing wrong. */
  readonly said: string
  /** What Go said, where it was asked. */
  readonly saidByGo?: string
}

/** Why they may differ. */
export interface Reason {
  readonly because: string
  readonly holds: (difference: Difference) => boolean
}

const evidenceOf = ({ findings }: Difference, key: string) => findings.flaw?.evidence[key]

const gzipMagic = /^1f8b/
const zstdMagic = /^(?:28b52ffd|5.2a4d18)/
const beginsAs = (magic: RegExp, file: Buffer) => magic.test(file.toString('hex', 0, 4))

const noGzip: Reason = {
  because: 'it does not begin as gzip any more, so it is something else',
  holds: ({ file, findings }) => !beginsAs(gzipMagic, file) && findings.compression !== 'gzip',
}

const noZstd: Reason = {
  because: 'it does not begin as zstd any more, so it is something else',
  holds: ({ file, findings }) => !beginsAs(zstdMagic, file) && findings.compression !== 'zstd',
}

const noTar: Reason = {
  because: 'it does not begin as tar any more, so it is something else',
  holds: ({ findings }) => findings.contents !== 'tar' && !findings.flaw,
}

const brokenInside: Reason = {
  because: 'the archive inside is broken, at which the tool does not look',
  holds: ({ findings, said }) => findings.flaw?.cause === 'malformed_tar' && said === '',
}

const noEntry: Reason = {
  because: 'it ends behind a pax header or a long name: the entry that those are for is missing',
  holds: (difference) =>
    difference.findings.flaw?.cause === 'malformed_tar' &&
    evidenceOf(difference, 'problem') === 'ends_early' &&
    /[xLK]/.test(typeAt(difference)),
}

/** The type of the header that the evidence names. */
function typeAt(difference: Difference): string {
  const { file } = difference
  const archive = beginsAs(gzipMagic, file) ? gunzipSync(file) : file
  const offset = Number(evidenceOf(difference, 'offset'))
  return archive.toString('latin1', offset + 156, offset + 157)
}

export const gzipReasons: readonly Reason[] = [
  noGzip,
  brokenInside,
  {
    because: 'gzip takes zeros behind the last member for padding, Go does not',
    holds: (difference) =>
      evidenceOf(difference, 'problem') === 'trailing_bytes' &&
      difference.file
        .subarray(Number(evidenceOf(difference, 'endBytes')))
        .every((byte) => byte === 0),
  },
  {
    because: 'gzip lets a member look back into the one before it, zlib and Go do not',
    holds: (difference) => evidenceOf(difference, 'reason') === 'invalid distance too far back',
  },
  {
    because: 'gzip reads names and comments of any length, Go does not',
    holds: (difference) => /^(?:name|comment)$/.test(`${evidenceOf(difference, 'field')}`),
  },
]

export const zstdReasons: readonly Reason[] = [
  noZstd,
  brokenInside,
  {
    because: 'it asks for more memory than either gives, so it is unexamined',
    holds: ({ findings, said }) =>
      findings.unexamined === 'memory' && said.includes('requires too much memory'),
  },
  {
    because: 'zstd 1.5.4 does not look at bits that are reserved, newer ones and Go do',
    holds: (difference) =>
      evidenceOf(difference, 'reason') === 'Data corruption detected' && difference.said === '',
  },
]

/** Of gzip as Go reads it. */
export const goGzipReasons: readonly Reason[] = [
  noGzip,
  noTar,
  noEntry,
  {
    because: 'Go does not look at flags that are reserved, gzip and zlib do',
    holds: (difference) => evidenceOf(difference, 'field') === 'flags',
  },
]

/** Of archives as Go reads them. */
export const goTarReasons: readonly Reason[] = [noTar, noEntry]

export const tarReasons: readonly Reason[] = [
  noTar,
  noEntry,
  {
    because: 'GNU tar goes on behind a single zero block, Go does not',
    holds: (difference) => evidenceOf(difference, 'problem') === 'zero_block',
  },
  {
    because: 'GNU tar says nothing of a header that is cut off, Go does',
    holds: (difference) =>
      evidenceOf(difference, 'problem') === 'ends_early' &&
      Number(evidenceOf(difference, 'endsAt')) - Number(evidenceOf(difference, 'offset')) < 512,
  },
  {
    because: 'GNU tar takes an entry of an unknown type for a file, container runtimes refuse it',
    holds: (difference) => evidenceOf(difference, 'problem') === 'type',
  },
  {
    because: 'GNU tar does not read every number and every pax record, Go does',
    holds: (difference) => /^(?:number|pax)$/.test(`${evidenceOf(difference, 'problem')}`),
  },
  {
    because: 'Go lets the padding behind the last file be missing, GNU tar does not',
    holds: ({ file, findings, said }) =>
      !findings.flaw && file.length % 512 !== 0 && said.includes('Unexpected EOF'),
  },
  {
    because: 'GNU tar fails at numbers that Go takes',
    holds: ({ findings, said }) =>
      !findings.flaw && /numeric \w+ value expected|out of \w+ range/.test(said),
  },
  {
    because: 'GNU tar reads a header otherwise than Go, whose verdict counts',
    holds: ({ findings, saidByGo }) =>
      saidByGo !== undefined && (saidByGo === '') === (findings.flaw === undefined),
  },
]
