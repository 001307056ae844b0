import type { Diagnosis } from './diagnosis.ts'
import type { ErrorCode } from './error-table.ts'
import type { Measure } from './errors.ts'
import type { RepositoryName } from './repository-name.ts'

/**
 * Where a layer was refused: at one of the three entries, when a `manifest` named it, or `unclaimed`, when no manifest named it for so
 * long that it was dropped.
 */
export type RefusalPlace = 'raw' | 'multipart' | 'oci' | 'manifest' | 'unclaimed'

/** One layer that was refused, and why. The answer, the log, the metric and `GET /v1/refusals` say the same of it. */
export interface Refusal {
  readonly repository: RepositoryName
  readonly agent: string
  readonly place: RefusalPlace
  /** Of the request that was refused; absent where none was. */
  readonly requestId?: string
  readonly code: ErrorCode
  readonly detail: string
  readonly expected?: Measure
  readonly actual?: Measure
  readonly diagnosis: Diagnosis
  readonly refusedAt: Date
}
