import { readNumber } from './number-field.ts'

/** Headers are of one block; data is filled up to whole ones (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html). */
export const blockBytes = 512

interface Field {
  readonly name: string
  readonly start: number
  readonly length: number
}

const size: Field = { name: 'size', start: 124, length: 12 }
const magic: Field = { name: 'magic', start: 257, length: 8 }
const typeStart = 156
const trailerStart = 508

/** Numbers that readers insist on in headers of any format, in those with a magic, and in those of star. */
const numbers: readonly Field[] = [
  size,
  { name: 'mode', start: 100, length: 8 },
  { name: 'uid', start: 108, length: 8 },
  { name: 'gid', start: 116, length: 8 },
  { name: 'mtime', start: 136, length: 12 },
]
const deviceNumbers: readonly Field[] = [
  { name: 'devmajor', start: 329, length: 8 },
  { name: 'devminor', start: 337, length: 8 },
]
const starNumbers: readonly Field[] = [
  { name: 'atime', start: 476, length: 12 },
  { name: 'ctime', start: 488, length: 12 },
]

/** @param block may be shorter than a block, at the end of a file */
export function hasMagic(block: Uint8Array): boolean {
  return hasText(block, magic.start, 'ustar')
}

type Format = 'v7' | 'ustar' | 'star' | 'gnu'

function formatOf(block: Uint8Array): Format {
  if (hasText(block, magic.start, 'ustar  \0')) return 'gnu'
  if (!hasText(block, magic.start, 'ustar\0')) return 'v7'
  return hasText(block, trailerStart, 'tar\0') ? 'star' : 'ustar'
}

function hasText(block: Uint8Array, start: number, text: string): boolean {
  if (block.length < start + text.length) return false
  for (let index = 0; index < text.length; index += 1) {
    if (block[start + index] !== text.charCodeAt(index)) return false
  }
  return true
}

/** The name of the first field that should be a number, and is none. */
export function badNumber(block: Uint8Array): string | undefined {
  const format = formatOf(block)
  return (
    firstBad(block, numbers) ??
    (format === 'v7' ? undefined : firstBad(block, deviceNumbers)) ??
    (format === 'star' ? firstBad(block, starNumbers) : undefined)
  )
}

function firstBad(block: Uint8Array, fields: readonly Field[]): string | undefined {
  for (const { name, start, length } of fields) {
    if (readNumber(block, start, length) === undefined) return name
  }
  return undefined
}

/** @param block one without a bad number */
export function sizeOf(block: Uint8Array): number {
  return readNumber(block, size.start, size.length) ?? 0
}

/** One character: `0` for a file. */
export function typeOf(block: Uint8Array): string {
  return String.fromCharCode(block[typeStart] ?? 0)
}

/** The path as it stands in the header, a byte for a character. GNU's headers have times where others have the front of a long path. */
export function pathOf(block: Uint8Array): string {
  const format = formatOf(block)
  const name = textBefore(block.subarray(0, 100))
  if (format === 'v7' || format === 'gnu') return name
  const prefix = textBefore(block.subarray(345, format === 'star' ? 476 : 500))
  return prefix === '' ? name : `${prefix}/${name}`
}

/** What stands before the first NUL, a byte for a character. */
export function textBefore(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString(
    'latin1',
  )
}
