import type { RepositoryName } from '../registry/repository-name.ts'
import type { Digest } from '../registry/digest.ts'
import type { UploadId } from '../registry/upload-id.ts'

/** One upload, from its first byte until it is sealed or refused. */
export interface UploadSession {
  readonly id: UploadId
  readonly repository: RepositoryName
  readonly agent: string
  /** What the client announced; absent where it may still come, as in a form. */
  readonly expected?: Digest
  readonly createdAt: Date
}

export type NewUploadSession = Omit<UploadSession, 'id' | 'createdAt'>

/** The upload sessions that are open. Every change is durable when its promise resolves. */
export interface UploadSessions {
  create(session: NewUploadSession): Promise<UploadSession>
  /** Ending a session that has ended is not an error. */
  end(id: UploadId): Promise<void>
  /** Whether a session that announced this digest is open in the repository. */
  isReceiving(repository: RepositoryName, digest: Digest): Promise<boolean>
  /** All open sessions, as a restart finds them. */
  open(): Promise<readonly UploadSession[]>
}
