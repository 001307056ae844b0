import type { Digest } from '../registry/digest.ts'
import type { Findings } from '../registry/findings.ts'
import { type ByteFile, openByteFile } from './byte-file.ts'
import { createLayerInspection, type LayerInspection } from './layer-inspection.ts'
import type { InspectionLimits } from './limits.ts'

export { defaultLimits, type InspectionLimits } from './limits.ts'

const readBytes = 256 * 1024

/**
 * Inspects a file from its first byte to its last.
 *
 * @param digest of the file, where it is known
 * @param isWanted asked now and then: false ends it
 * @throws Error with the `code` of the operating system, or when it was given up
 */
export async function inspectFile(
  path: string,
  limits: InspectionLimits,
  digest?: Digest,
  isWanted = () => true,
): Promise<Findings> {
  using file = openByteFile(path)
  using inspection = createLayerInspection(limits)
  await readOn(file, 0, inspection, Buffer.allocUnsafe(readBytes), Infinity, isWanted)
  if (!isWanted()) throw new Error('The inspection was given up.')
  return completed(await inspection.end(), file.sizeBytes, digest)
}

/** Hands on what the file has from `position` on, until nothing more is there or needed, or no time is left. Returns how far it came. */
export async function readOn(
  file: ByteFile,
  position: number,
  inspection: LayerInspection,
  buffer: Uint8Array,
  endBytes = Infinity,
  hasTime = () => true,
): Promise<number> {
  let offset = position
  while (!inspection.isDecided && offset < endBytes && hasTime()) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, endBytes - offset))
    const filledBytes = file.read(wanted, offset)
    if (filledBytes === 0) break
    await inspection.write(wanted.subarray(0, filledBytes))
    offset += filledBytes
  }
  return offset
}

/** Of what is not compressed, size and digest are those of the file. */
export function completed(findings: Findings, sizeBytes: number, digest?: Digest): Findings {
  if (findings.compression !== 'none' || findings.flaw || findings.unexamined) return findings
  return { ...findings, inflatedBytes: sizeBytes, ...(digest && { diffId: digest }) }
}
