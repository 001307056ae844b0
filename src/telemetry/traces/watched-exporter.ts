import { ExportResultCode } from '@opentelemetry/core'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

export interface ExportWatch {
  /** Told once, when it begins. */
  onLost(reason: string): void
  /** Told when it is over. */
  onTaken(): void
}

export interface WatchedExporter extends SpanExporter {
  /** What is still under way is not waited for. */
  giveUp(reason: string): void
}

/** Says when spans begin to be lost, and when that is over; not with each batch. */
export function watchedExporter(exporter: SpanExporter, watch: ExportWatch): WatchedExporter {
  let isLosing = false

  function lose(reason: string): void {
    if (!isLosing) watch.onLost(reason)
    isLosing = true
  }

  function gain(): void {
    if (isLosing) watch.onTaken()
    isLosing = false
  }

  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) gain()
        else lose(reasonOf(result.error))
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    giveUp: lose,
  }
}

/** Errors of the network may have a code alone. */
function reasonOf(error: Error | undefined): string {
  if (error?.message) return error.message
  return error && 'code' in error ? String(error.code) : 'unknown'
}
