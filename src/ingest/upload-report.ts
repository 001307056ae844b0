import type { SealedLayer } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import type { ErrorCode } from '../registry/error-table.ts'
import type { LayergateError } from '../registry/errors.ts'
import type { Observer, UploadEnded, UploadOutcome } from '../registry/events.ts'
import type { LayerSink } from './layer-sink.ts'
import type { Announcement } from './announcement.ts'

/** Collects what becomes known of an upload within one request, and tells the observer its beginning and its end. */
export interface UploadReport {
  /** Counts what is written in this request. */
  counting(sink: LayerSink): LayerSink
  received(layer: SealedLayer): void
  expected(digest: Digest): void
  /** This request was good, and the upload goes on with another. */
  goesOn(): void
  verified(): void
  failed(error: LayergateError): void
}

export function uploadReport(
  observer: Observer,
  { repository, agent, entry, requestId, expected: announced, earlierSeconds = 0 }: Announcement,
): UploadReport {
  const about = { repository, agent, entry }
  const startedAt = performance.now()
  let expected = announced
  let received: SealedLayer | undefined
  let sizeBytes = 0
  observer.observe({ type: 'upload_started', ...about })

  function end(outcome: UploadOutcome | 'unsettled', more: Partial<UploadEnded>): void {
    observer.observe({
      type: 'upload_ended',
      ...about,
      requestId,
      outcome,
      seconds: earlierSeconds + (performance.now() - startedAt) / 1000,
      sizeBytes,
      ...(expected && { expected }),
      ...(received && { actual: received.digest }),
      ...more,
    })
  }

  return {
    counting: (sink) => ({
      write(chunk) {
        sizeBytes += chunk.length
        return sink.write(chunk)
      },
      flush: () => sink.flush(),
    }),
    received(layer) {
      received = layer
    },
    expected(digest) {
      expected = digest
    },
    goesOn: () => end('unsettled', {}),
    verified: () => end('verified', received ? { layerSizeBytes: received.sizeBytes } : {}),
    failed(error) {
      const { diagnosis } = error.facts
      end(outcomeOf(error), { error: error.code, ...(diagnosis && { cause: diagnosis.cause }) })
    },
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
