import type { Gate } from '../layers/gate.ts'
import type { Inspector, KnownCopies } from '../layers/inspector.ts'
import type { LayerCache } from '../layers/layer-cache.ts'
import type { LayerFindings } from '../layers/layer-findings.ts'
import type { SealedLayer } from '../layers/spool.ts'
import type { VerifiedLayer } from '../layers/verified-layer.ts'
import { diagnosis } from '../registry/diagnosis.ts'
import type { Digest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import {
  type Findings,
  type Flaw,
  type InspectMode,
  judge,
  type OverLimit,
} from '../registry/findings.ts'
import { type Suspicion, suspicionOf } from '../registry/suspicion.ts'
import type { UploadId } from '../registry/upload-id.ts'
import { type ExplainPorts, explainMismatch } from './explain-mismatch.ts'
import type { UploadReport } from './upload-report.ts'

/** Why a layer is kept, and not sent before a manifest has named it. */
export interface Hold {
  readonly code: Suspicion['cause']
  readonly detail: string
}

/** What happens to a verified layer behind the gate. Given by whoever publishes it. */
export interface Recipient<T> {
  /** `layer`: it has to be one. `blob`: what it has to be is said by the manifests that name it. */
  readonly role: 'layer' | 'blob'
  /** What the agent may know of these two layers, which stay for as long as it is not disposed of. */
  known(expected: Digest, actual: Digest): Promise<KnownCopies & AsyncDisposable>
  /** Refuses, by throwing, a layer that could not be sent where it is meant to go. */
  check(digest: Digest): Promise<void>
  /** Records, durably, that the layer is owed to the upstream, or that it is held. */
  record(layer: VerifiedLayer, hold?: Hold): Promise<T>
}

export interface FinishPorts extends ExplainPorts {
  readonly gate: Gate
  readonly cache: LayerCache
  readonly inspector: Inspector
  readonly findings: Pick<LayerFindings, 'keep' | 'of'>
  readonly inspect: { readonly mode: InspectMode; readonly overLimit: OverLimit }
}

/** All bytes have come, and are durable. */
export interface ReceivedUpload {
  readonly id: UploadId
  readonly agent: string
  readonly received: SealedLayer
  readonly expected: Digest
  /** Whether this process hashed all that was received. */
  readonly isFirstHand: boolean
}

/**
 * The one place of order: compare, inspect, seal, record what is owed; whoever calls then ends the session. Each step may be repeated,
 * and a crash between two leaves nothing but garbage for the next start.
 *
 * @throws LayergateError `layer_empty`, `digest_mismatch`, for a layer `malformed_gzip`, `malformed_zstd`, `malformed_tar` and
 *   `beyond_limits`, and whatever `recipient` throws
 */
export async function finishUpload<T>(
  ports: FinishPorts,
  { id, agent, received, expected, isFirstHand }: ReceivedUpload,
  recipient: Recipient<T>,
  report: Pick<UploadReport, 'flawed' | 'unexamined'>,
): Promise<T> {
  const { gate, cache, inspector, inspect } = ports
  if (received.sizeBytes === 0) throw empty()
  const inspecting = inspector.inspect(id, received)
  if (received.digest !== expected) {
    const known = () => recipient.known(expected, received.digest)
    const upload = { id, agent, received, expected, findings: inspecting, known }
    throw await explainMismatch(ports, upload)
  }
  const found = await remembering(ports, expected, await inspecting)
  const findings = judge(found, inspect.overLimit)
  const hold = recipient.role === 'blob' ? holdFor(findings) : undefined
  if (recipient.role === 'layer') requireSound(findings)
  await recipient.check(expected)
  using _ = cache.hold(expected)
  const [layer] = await Promise.all([
    gate.admit(id, received, expected, isFirstHand),
    keep(ports, expected, found),
  ])
  const { unexamined } = findings
  if (unexamined && unexamined !== 'off' && !findings.flaw) report.unexamined(expected, unexamined)
  // Awaited here: the layer is held until it is recorded.
  return await recipient.record(layer, hold)

  function requireSound({ flaw }: Findings): void {
    if (!flaw) return
    const error = malformed(flaw, received)
    if (inspect.mode === 'enforce') throw error
    report.flawed(error)
  }

  /** Whether it matters is known when a manifest names the blob. */
  function holdFor(ofBlob: Findings): Hold | undefined {
    const suspicion = inspect.mode === 'enforce' ? suspicionOf(ofBlob) : undefined
    return suspicion && { code: suspicion.cause, detail: suspicion.detail }
  }
}

function isKnown({ unexamined, flaw }: Findings): boolean {
  return unexamined === undefined || flaw !== undefined
}

/** What was found in the same bytes before is as true as ever. */
async function remembering(
  { findings: kept, inspect }: FinishPorts,
  digest: Digest,
  findings: Findings,
): Promise<Findings> {
  if (isKnown(findings) || inspect.mode === 'off') return findings
  return (await kept.of([digest])).get(digest) ?? findings
}

async function keep(
  { findings: kept }: FinishPorts,
  digest: Digest,
  findings: Findings,
): Promise<void> {
  if (isKnown(findings)) await kept.keep(digest, findings)
}

function malformed({ cause, detail, evidence }: Flaw, actual: SealedLayer): LayergateError {
  return new LayergateError(cause, detail, { actual, diagnosis: diagnosis(cause, evidence) })
}

function empty(): LayergateError {
  return new LayergateError('layer_empty', 'No bytes came.', {
    actual: { sizeBytes: 0 },
    diagnosis: diagnosis('empty', { receivedBytes: 0 }),
  })
}
