import { digestMismatch } from '../layers/gate.ts'
import type { Inspector, KnownCopies } from '../layers/inspector.ts'
import type { SealedLayer } from '../layers/spool.ts'
import { type Diagnosis, diagnosis } from '../registry/diagnosis.ts'
import type { Digest } from '../registry/digest.ts'
import type { LayergateError } from '../registry/errors.ts'
import { type Findings, unexamined } from '../registry/findings.ts'
import type { UploadId } from '../registry/upload-id.ts'

export interface ExplainPorts {
  readonly inspector: Pick<Inspector, 'diagnose'>
  /** How long an answer waits for its diagnosis. */
  readonly diagnosisWaitMs: number
}

export interface MismatchedUpload {
  readonly id: UploadId
  readonly agent: string
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
  const { id, agent, received, expected } = upload
  const receivedBytes = received.sizeBytes

  // Without its findings the diagnosis looks by itself: it has to begin while the bytes are still here.
  using patience = after(diagnosisWaitMs / 2, unexamined('time'))
  const findings = Promise.race([upload.findings, patience.value])

  async function diagnose(): Promise<Diagnosis> {
    await using known = await upload.known()
    const { hasGoodCopy, isOtherLayer, expectedFindings } = known
    return await inspector.diagnose({
      id,
      agent,
      expected,
      received,
      findings: await findings,
      known: { hasGoodCopy, isOtherLayer, ...(expectedFindings && { expectedFindings }) },
    })
  }

  using enough = after(diagnosisWaitMs, undefined)
  const found = diagnose().catch(() => diagnosis('unknown', { receivedBytes }))
  const foundInTime = await Promise.race([found, enough.value])
  if (foundInTime) return digestMismatch(received, expected, foundInTime)
  const soFar = diagnosis('unknown', { receivedBytes, stillLookedInto: 1 })
  return digestMismatch(received, expected, soFar, found)
}

/** Comes when the time is over, if it is not disposed of before. */
function after<T>(ms: number, what: T): Disposable & { readonly value: Promise<T> } {
  const { promise, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => resolve(what), ms)
  return { value: promise, [Symbol.dispose]: () => clearTimeout(timer) }
}
