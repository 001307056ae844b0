import { gzipSync } from 'node:zlib'
import type { ByteFile } from '../../../src/inspect/byte-file.ts'
import { diagnoseMismatch, type MismatchBytes } from '../../../src/inspect/diagnosis/diagnose.ts'
import { completed } from '../../../src/inspect/inspect-file.ts'
import { createLayerInspection } from '../../../src/inspect/layer-inspection.ts'
import { defaultLimits } from '../../../src/inspect/limits.ts'
import type { Diagnosis } from '../../../src/registry/diagnosis.ts'
import type { Digest } from '../../../src/registry/digest.ts'
import type { Findings } from '../../../src/registry/findings.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'

export interface MemoryFile extends ByteFile {
  /** How many bytes were read. */
  readonly readBytes: number
}

/** @param failing reading it fails from this byte on */
export function memoryFile(bytes: Uint8Array, failing = Infinity): MemoryFile {
  let readBytes = 0
  return {
    sizeBytes: bytes.length,
    read(target, position) {
      if (position + target.length > failing) throw new Error('EIO: i/o error, read')
      const found = bytes.subarray(position, position + target.length)
      target.set(found)
      readBytes += found.length
      return found.length
    },
    get readBytes() {
      return readBytes
    },
    [Symbol.dispose]() {},
  }
}

/** What the inspection finds, as the service has it. */
export async function findingsOf(bytes: Uint8Array): Promise<Findings> {
  using inspection = createLayerInspection(defaultLimits)
  await inspection.write(bytes)
  return completed(await inspection.end(), bytes.length, digestOf(bytes))
}

export type Known = Partial<Omit<MismatchBytes, 'file' | 'received' | 'expected' | 'goodCopy'>> & {
  readonly goodCopy?: Uint8Array
  readonly hasTime?: () => boolean
}

/** Diagnoses what came in the place of `expected`. */
export async function diagnose(
  came: Uint8Array,
  expected: Digest,
  { goodCopy, hasTime = () => true, ...known }: Known = {},
): Promise<Diagnosis> {
  return diagnoseMismatch(
    {
      file: memoryFile(came),
      received: { digest: digestOf(came), sizeBytes: came.length },
      expected,
      findings: known.findings ?? (await findingsOf(came)),
      isOtherLayer: false,
      ...known,
      ...(goodCopy && { goodCopy: memoryFile(goodCopy) }),
    },
    hasTime,
  )
}

const blockBytes = 512

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

/** A ustar archive as GNU tar writes it, filled up to 20 blocks. */
export function tarOf(files: Readonly<Record<string, Uint8Array>>, mtime = 1_700_000_000): Buffer {
  const blocks: Buffer[] = []
  for (const [path, content] of Object.entries(files)) {
    const header = Buffer.alloc(blockBytes)
    header.write(path, 0)
    header.write(octal(0o644, 8), 100)
    header.write(octal(0, 8), 108)
    header.write(octal(0, 8), 116)
    header.write(octal(content.length, 12), 124)
    header.write(octal(mtime, 12), 136)
    header.write(' '.repeat(8), 148)
    header.write('0', 156)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${octal(sum, 7)} `, 148)
    const filled = Buffer.alloc(Math.ceil(content.length / blockBytes) * blockBytes)
    filled.set(content)
    blocks.push(header, filled)
  }
  const archive = Buffer.concat(blocks)
  const recordBytes = 20 * blockBytes
  const sizeBytes = Math.ceil((archive.length + 2 * blockBytes) / recordBytes) * recordBytes
  return Buffer.concat([archive, Buffer.alloc(sizeBytes - archive.length)])
}

/** Words that compress about as well as what is in layers. */
export function prose(length: number, seed = 1): Buffer {
  const numbers = layerBytes(length, seed)
  const words = Array.from(numbers, (number) => `${(number * number * 7919).toString(36)} `)
  return Buffer.from(words.join('')).subarray(0, length)
}

/** A tar archive of some files, and it compressed. */
export function imageLayer(sizeBytes = 60_000, seed = 1) {
  const tar = tarOf({
    'etc/motd': Buffer.from('Hello, layer!\n'),
    'usr/share/prose': prose(sizeBytes, seed),
    'usr/lib/random': layerBytes(Math.ceil(sizeBytes / 8), seed),
  })
  return { tar, gzip: gzipSync(tar, { level: 6 }) }
}
