import type { SealedLayer } from '../layers/spool.ts'
import { type Digest, digestOfNothing } from '../registry/digest.ts'
import type { RepositoryName } from '../registry/repository-name.ts'
import type { UploadId } from '../registry/upload-id.ts'

/** One upload, from its beginning until it is sealed or refused. Frozen data: the lease is the lock. */
export interface UploadSession {
  readonly id: UploadId
  readonly repository: RepositoryName
  readonly agent: string
  /** What the client announced; absent where it may still come, as in a form. */
  readonly expected?: Digest
  /** Whether the client may come back to it, after a restart too. If not, it ends with its request. */
  readonly isResumable: boolean
  /** The whole chunks that are durable, together: how many bytes, and their digest so far. */
  readonly received: SealedLayer
  readonly createdAt: Date
  /** When its bytes last grew, or when it ended. */
  readonly changedAt: Date
  /** The layer that it became: what is left is a tombstone, to answer the same request once more. */
  readonly finishedAs?: Digest
}

export type NewUploadSession = Pick<
  UploadSession,
  'repository' | 'agent' | 'expected' | 'isResumable'
>

/** The upload sessions. Every change is durable when its promise resolves; one of an unknown session is none. */
export interface UploadSessions {
  create(session: NewUploadSession): Promise<UploadSession>
  find(id: UploadId): Promise<UploadSession | undefined>
  /** One more chunk is durable. */
  advance(id: UploadId, received: SealedLayer): Promise<void>
  /** Leaves a tombstone. */
  finish(id: UploadId, digest: Digest): Promise<void>
  /** Forgets it. */
  end(id: UploadId): Promise<void>
  /** Whether a session that announced this digest is open in the repository. */
  isReceiving(repository: RepositoryName, digest: Digest): Promise<boolean>
  /** Whether an unfinished session has received just this: it may be sealed already, and nothing but the session tells of it. */
  hasReceived(digest: Digest): Promise<boolean>
  /** All that are no tombstones, as a restart finds them. */
  unfinished(): Promise<readonly UploadSession[]>
  /** All that did not change since `time`, tombstones too. */
  unchangedSince(time: Date): Promise<readonly UploadSession[]>
}

/** The digest of no bytes: where every session begins. */
export const nothingReceived: SealedLayer = { digest: digestOfNothing, sizeBytes: 0 }
