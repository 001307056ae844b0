import { digestMismatch } from '../layers/gate.ts'
import type { Inspector, KnownCopies } from '../layers/inspector.ts'
import type { SealedLayer } from '../layers/spool.ts'
import { type Diagnosis, diagnosis } from '../registry/diagnosis.ts'
import type { Digest } from '../registry/digest.ts'
import type { LayergateError } from '../registry/errors.ts'
import type { Findings } from '../registry/findings.ts'
import type { UploadId } from '../registry/upload-id.ts'

export interface ExplainPorts {
  readonly inspector: Pick<Inspector, 'diagnose'>
  /** How long an answer waits for its diagnosis. */
  readonly diagnosisWaitMs: number
}

export interface MismatchedUpload {
  readonly id: UploadId
  readonly received: SealedLayer
  readonly expected: Digest
  readonly findings: Promise<Findings>
  /** Nothing that the agent may not pull is in here. */
  readonly known: () => Promise<KnownCopies & AsyncDisposable>
}

/**
 * Finds out why the bytes do not have the digest that was announced. Where that takes too long, the answer says so, and the rest is told
 * later.
 *
 * @returns a LayergateError `digest_mismatch`
 */
export async function explainMismatch(
  { inspector, diagnosisWaitMs }: ExplainPorts,
  upload: MismatchedUpload,
): Promise<LayergateError> {
  const { id, received, expected } = upload
  const receivedBytes = received.sizeBytes

  async function diagnose(): Promise<Diagnosis> {
    await using known = await upload.known()
    const { hasGoodCopy, isOtherLayer, expectedFindings } = known
    return await inspector.diagnose({
      id,
      expected,
      received,
      findings: await upload.findings,
      known: { hasGoodCopy, isOtherLayer, ...(expectedFindings && { expectedFindings }) },
    })
  }

  const { promise: enough, resolve: end } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => end(undefined), diagnosisWaitMs)
  const found = diagnose().catch(() => diagnosis('unknown', { receivedBytes }))
  const foundInTime = await Promise.race([found, enough])
  clearTimeout(timer)
  if (foundInTime) return digestMismatch(received, expected, foundInTime)
  const soFar = diagnosis('unknown', { receivedBytes, stillLookedInto: 1 })
  return digestMismatch(received, expected, soFar, found)
}
