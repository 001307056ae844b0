import type { ByteFile } from '../../inspect/byte-file.ts'
import { diagnoseMismatch } from '../../inspect/diagnosis/diagnose.ts'
import type { InspectionLimits } from '../../inspect/limits.ts'
import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { Digest } from '../../registry/digest.ts'
import type { ErrorCode } from '../../registry/error-table.ts'
import { judge, type OverLimit } from '../../registry/findings.ts'
import { type ReadLayer, readLayer } from './read-layer.ts'

/** What the service would say to a layer that is pushed under this digest. */
export interface Verdict extends ReadLayer {
  readonly expected: Digest
  /** Absent where the layer is good. */
  readonly refusal?: Refused
}

export interface Refused {
  readonly code: ErrorCode
  /** One sentence. */
  readonly detail: string
  readonly diagnosis: Diagnosis
}

export interface VerdictOptions {
  readonly limits: InspectionLimits
  readonly overLimit: OverLimit
  /** The contents could not be inspected. That refuses no layer. */
  readonly onFailure: (error: unknown) => void
}

/**
 * In the order of the service: no bytes, another digest, broken contents.
 *
 * @throws Error with the `code` of the operating system
 */
export async function reachVerdict(
  file: ByteFile,
  expected: Digest,
  { limits, overLimit, onFailure }: VerdictOptions,
): Promise<Verdict> {
  const { actual, findings: found } = await readLayer(file, limits, onFailure)
  const findings = judge(found, overLimit)
  const verdict = { expected, actual, findings }
  const { digest, sizeBytes } = actual
  if (sizeBytes === 0) {
    const why = diagnosis('empty', { receivedBytes: 0 })
    return {
      ...verdict,
      refusal: { code: 'layer_empty', detail: 'No bytes came.', diagnosis: why },
    }
  }
  if (digest !== expected) {
    const bytes = { file, received: actual, expected, findings: found, isOtherLayer: false }
    // It may take its time: whoever waits can end it.
    const why = await diagnoseMismatch(bytes, () => true)
    const detail = `Expected ${expected}, but the ${sizeBytes} bytes that came have ${digest}.`
    return { ...verdict, refusal: { code: 'digest_mismatch', detail, diagnosis: why } }
  }
  const { flaw } = findings
  if (!flaw) return verdict
  const { cause, detail, evidence } = flaw
  return { ...verdict, refusal: { code: cause, detail, diagnosis: diagnosis(cause, evidence) } }
}
