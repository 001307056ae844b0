import type { Evidence } from '../../registry/diagnosis.ts'
import { Malformed } from '../malformed.ts'

/**
 * What can be wrong with a compressed stream, in the evidence as `problem`. The diagnosis relies on these words.
 *
 * - `ends_early`: more bytes would have to come
 * - `trailing_bytes`: something else lies behind the stream, which has `endBytes`
 * - `checksum`, `length`: they are not those of what was inflated
 * - `data`: it cannot be inflated
 * - `header`: it is of nothing that could be inflated
 */
export type StreamProblem =
  | 'ends_early'
  | 'trailing_bytes'
  | 'checksum'
  | 'length'
  | 'data'
  | 'header'

/** A member of a gzip file, or a frame of a zstd file. */
export interface StreamPart {
  readonly format: 'gzip' | 'zstd'
  /** The first is 1. */
  readonly number: number
  /** Where it begins, in bytes from the beginning of the file. Of damaged data, nothing nearer is known. */
  readonly offset: number
}

const kinds = { gzip: 'member', zstd: 'frame' } as const

export function endsEarly(part: StreamPart): Malformed {
  return flawOf(part, 'ends_early', `The file ends within ${nameOf(part)}.`)
}

/** @param part the one that could begin where something else lies */
export function trailingBytes({ format, number, offset }: StreamPart): Malformed {
  const kind = kinds[format]
  const whole = number - 1
  const detail = `Behind ${format} ${kind} ${whole}, from byte ${offset} on, lies something else.`
  const evidence = { [`${kind}s`]: whole, endBytes: offset }
  return malformed(format, 'trailing_bytes', detail, evidence)
}

export function wrongHeader(part: StreamPart, reason: string, evidence: Evidence): Malformed {
  return flawOf(part, 'header', `The header of ${nameOf(part)}, ${reason}.`, evidence)
}

export function damagedData(part: StreamPart, reason: string): Malformed {
  const detail = `The data of ${nameOf(part)}, cannot be inflated: ${reason}.`
  return flawOf(part, 'data', detail, { reason })
}

export function wrongChecksum(part: StreamPart, evidence: Evidence = {}): Malformed {
  return flawOf(part, 'checksum', `The checksum of ${nameOf(part)}, is wrong.`, evidence)
}

export function wrongLength(part: StreamPart, evidence: Evidence): Malformed {
  return flawOf(part, 'length', `The length of ${nameOf(part)}, is wrong.`, evidence)
}

function nameOf({ format, number, offset }: StreamPart): string {
  return `${format} ${kinds[format]} ${number}, which begins at byte ${offset}`
}

function flawOf(
  { format, number, offset }: StreamPart,
  problem: StreamProblem,
  detail: string,
  evidence: Evidence = {},
): Malformed {
  return malformed(format, problem, detail, { [kinds[format]]: number, offset, ...evidence })
}

function malformed(
  format: StreamPart['format'],
  problem: StreamProblem,
  detail: string,
  evidence: Evidence,
): Malformed {
  return new Malformed(`malformed_${format}`, detail, { problem, ...evidence })
}
