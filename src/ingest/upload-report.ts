import type { SealedLayer } from '../layers/spool.ts'
import type { Digest } from '../registry/digest.ts'
import type { LayergateError } from '../registry/errors.ts'
import type { Observer, UploadEnded, UploadOutcome } from '../registry/events.ts'
import type { LayerSink } from './growing-writer.ts'
import type { Announcement } from './announcement.ts'

/** Collects what becomes known of one upload and tells the observer its beginning and its end. */
export interface UploadReport {
  /** Counts what is written, for the uploads that never come to their end. */
  counting(sink: LayerSink): LayerSink
  received(layer: SealedLayer): void
  expected(digest: Digest): void
  verified(): void
  failed(error: LayergateError): void
}

export function uploadReport(
  observer: Observer,
  { repository, agent, entry, requestId, expected: announced }: Announcement,
): UploadReport {
  const about = { repository, agent, entry }
  const startedAt = performance.now()
  let expected = announced
  let received: SealedLayer | undefined
  let sizeBytes = 0
  observer.observe({ type: 'upload_started', ...about })

  function end(outcome: UploadOutcome, more: Partial<UploadEnded>): void {
    observer.observe({
      type: 'upload_ended',
      ...about,
      requestId,
      outcome,
      seconds: (performance.now() - startedAt) / 1000,
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
    verified: () => end('verified', {}),
    failed(error) {
      const { diagnosis } = error.facts
      end(outcomeOf(error), { error: error.code, ...(diagnosis && { cause: diagnosis.cause }) })
    },
  }
}

function outcomeOf({ code, entry }: LayergateError): UploadOutcome {
  if (code === 'client_aborted' || code === 'idle_timeout' || code === 'shutting_down') {
    return 'aborted'
  }
  return entry.status < 500 ? 'refused' : 'failed'
}
