import { createHash } from 'node:crypto'
import type { ByteFile } from '../../inspect/byte-file.ts'
import { completed } from '../../inspect/inspect-file.ts'
import { createLayerInspection } from '../../inspect/layer-inspection.ts'
import type { InspectionLimits } from '../../inspect/limits.ts'
import { type Digest, sha256Digest } from '../../registry/digest.ts'
import { type Findings, unexamined } from '../../registry/findings.ts'

export interface ReadLayer {
  readonly actual: { readonly digest: Digest; readonly sizeBytes: number }
  readonly findings: Findings
}

const readBytes = 256 * 1024

/**
 * Hashes and inspects a file in one pass, so that digest and findings are of the same bytes.
 *
 * @param onFailure the contents could not be inspected, which is told in the findings too
 * @throws Error with the `code` of the operating system
 */
export async function readLayer(
  file: ByteFile,
  limits: InspectionLimits,
  onFailure: (error: unknown) => void,
): Promise<ReadLayer> {
  using inspection = createLayerInspection(limits)
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(readBytes)
  let sizeBytes = 0
  let hasFailed = false

  async function attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    if (hasFailed) return undefined
    try {
      return await step()
    } catch (error) {
      hasFailed = true
      onFailure(error)
      return undefined
    }
  }

  for (;;) {
    const chunk = buffer.subarray(0, file.read(buffer, sizeBytes))
    if (chunk.length === 0) break
    sizeBytes += chunk.length
    const taken = inspection.isDecided ? undefined : attempt(() => inspection.write(chunk))
    // Meanwhile another thread inflates it.
    hash.update(chunk)
    await taken
  }
  const digest = sha256Digest(hash.digest('hex'))
  const found = await attempt(() => inspection.end())
  const findings = found ? completed(found, sizeBytes, digest) : unexamined('failed')
  return { actual: { digest, sizeBytes }, findings }
}
