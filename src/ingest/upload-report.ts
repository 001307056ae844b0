import type { SealedLayer } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import type { Diagnosis } from '../registry/diagnosis.ts'
import type { ErrorCode } from '../registry/error-table.ts'
import type { LayergateError } from '../registry/errors.ts'
import type { Observer, UploadEnded, UploadOutcome } from '../registry/events.ts'
import type { UnexaminedReason } from '../registry/findings.ts'
import type { LayerSink } from './layer-sink.ts'
import type { Announcement } from './announcement.ts'

/** Collects what becomes known of an upload within one request, and tells the observer its beginning and its end. */
export interface UploadReport {
  /** Counts what is written in this request, whose body is read from now on. */
  counting(sink: LayerSink): LayerSink
  /** All of the layer is here. */
  received(layer: SealedLayer): void
  expected(digest: Digest): void
  /** This request was good, and the upload goes on with another. */
  goesOn(): void
  verified(): void
  failed(error: LayergateError): void
  /** What would have been refused, had the inspection not only to report. */
  flawed(error: LayergateError): void
  /** It is accepted without its contents being known. */
  unexamined(digest: Digest, reason: UnexaminedReason): void
}

export function uploadReport(
  observer: Observer,
  announcement: Announcement,
  now: () => Date,
): UploadReport {
  const { repository, agent, entry, requestId, earlierSeconds = 0 } = announcement
  const about = { repository, agent, entry }
  const startedAt = performance.now()
  let receivingAt: number | undefined
  let receivedAt: number | undefined
  let { expected } = announcement
  let received: SealedLayer | undefined
  let hasEnded = false
  let sizeBytes = 0
  observer.observe({
    type: 'upload_started',
    ...about,
    requestId,
    ...(announcement.sizeBytes !== undefined && { announcedBytes: announcement.sizeBytes }),
    progress: () => ({
      receivedBytes: sizeBytes,
      ...(expected && { expected }),
      phase: hasEnded ? 'ended' : received ? 'checking' : 'receiving',
    }),
  })

  function end(outcome: UploadOutcome | 'unsettled', more: Partial<UploadEnded>): void {
    const endedAt = performance.now()
    hasEnded = true
    observer.observe({
      type: 'upload_ended',
      ...about,
      requestId,
      outcome,
      seconds: earlierSeconds + (endedAt - startedAt) / 1000,
      ...(receivingAt !== undefined && {
        receiveSeconds: ((receivedAt ?? endedAt) - receivingAt) / 1000,
      }),
      ...(receivedAt !== undefined && { verifySeconds: (endedAt - receivedAt) / 1000 }),
      sizeBytes,
      ...(expected && { expected }),
      ...(received && { actual: received.digest }),
      ...more,
    })
  }

  function invalid(
    { code, message, facts }: LayergateError,
    stage: 'refused' | 'reported',
    diagnosis: Diagnosis,
  ): void {
    observer.observe({
      type: 'layer_invalid',
      stage,
      repository,
      agent,
      place: entry,
      requestId,
      code,
      detail: message,
      ...(expected && { expected: { digest: expected } }),
      ...(facts.actual && { actual: facts.actual }),
      diagnosis,
      refusedAt: now(),
    })
  }

  return {
    counting(sink) {
      receivingAt = performance.now()
      return {
        write(chunk) {
          sizeBytes += chunk.length
          return sink.write(chunk)
        },
        flush: () => sink.flush(),
      }
    },
    received(layer) {
      receivedAt = performance.now()
      received = layer
    },
    expected(digest) {
      expected = digest
    },
    goesOn: () => end('unsettled', {}),
    verified: () => end('verified', received ? { layerSizeBytes: received.sizeBytes } : {}),
    failed(refusal) {
      const { diagnosis, finalDiagnosis } = refusal.facts
      const cause = finalDiagnosis ? undefined : diagnosis?.cause
      end(outcomeOf(refusal), { error: refusal.code, ...(cause && { cause }) })
      if (finalDiagnosis) void finalDiagnosis.then((found) => invalid(refusal, 'refused', found))
      else if (diagnosis) invalid(refusal, 'refused', diagnosis)
    },
    flawed(error) {
      const { diagnosis } = error.facts
      if (diagnosis) invalid(error, 'reported', diagnosis)
    },
    unexamined: (digest, reason) =>
      observer.observe({ type: 'layer_unexamined', repository, agent, digest, reason }),
  }
}

/** What a request in several may get wrong without harm to the upload. */
const harmless: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'chunk_digest_mismatch',
  'upload_busy',
  'upload_range_invalid',
])

function outcomeOf({ code, entry }: LayergateError): UploadOutcome | 'unsettled' {
  if (harmless.has(code)) return 'unsettled'
  if (code === 'client_aborted' || code === 'idle_timeout' || code === 'shutting_down') {
    return 'aborted'
  }
  return entry.status < 500 ? 'refused' : 'failed'
}
