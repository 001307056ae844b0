import type { Digest } from '../digest.ts'
import type { ErrorCode } from '../error-table.ts'
import type { OfRepository } from './of-repository.ts'

/**
 * - `published`: every tag names it now, or did before a newer manifest was put there
 * - `superseded`: put by digest alone, since newer manifests had moved every tag
 * - `refused`: the manifest, or what it names, was at fault
 * - `failed`: the fault was ours or AWS's
 * - `aborted`: nobody waited any more, or the service stopped
 */
export type ManifestOutcome = 'published' | 'superseded' | 'refused' | 'failed' | 'aborted'

/** One flight of a manifest, however many requests waited for it. The agent and the request are those that came first. */
export interface ManifestEnded extends OfRepository {
  readonly type: 'manifest_ended'
  readonly digest: Digest
  readonly tags: readonly string[]
  readonly outcome: ManifestOutcome
  /** How much of the time went by until ECR had all layers. */
  readonly waitSeconds: number
  readonly seconds: number
  readonly requestId: string
  readonly error?: ErrorCode
  readonly detail?: string
  /** What was thrown, for the log. */
  readonly thrown?: unknown
}
