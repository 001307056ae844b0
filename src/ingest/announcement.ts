import type { Digest } from '../registry/digest.ts'
import type { Entry } from '../registry/events.ts'
import type { RepositoryName } from '../registry/repository-name.ts'

/** What is known of a layer before its body is read. */
export interface Announcement {
  readonly repository: RepositoryName
  readonly agent: string
  readonly entry: Entry
  readonly requestId: string
  /** Absent where it may come after the body, as in a form. */
  readonly expected?: Digest
  readonly sizeBytes?: number
  /** How long ago the upload began, where that was in an earlier request. */
  readonly earlierSeconds?: number
  /** More will not come, as when the layer is part of a form of that size. */
  readonly atMostBytes?: number
}
