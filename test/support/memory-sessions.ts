import type { UploadSession, UploadSessions } from '../../src/ingest/upload-sessions.ts'
import { newUploadId, type UploadId } from '../../src/registry/upload-id.ts'

/** The `UploadSessions` port in memory, complete: for tests that are not about its engine. */
export function createMemorySessions({ now = () => new Date() } = {}): UploadSessions {
  const sessions = new Map<UploadId, UploadSession>()

  return {
    async create(session) {
      const created = { ...session, id: newUploadId(), createdAt: now() }
      sessions.set(created.id, created)
      return created
    },
    async end(id) {
      sessions.delete(id)
    },
    async isReceiving(repository, digest) {
      return [...sessions.values()].some(
        (session) => session.repository === repository && session.expected === digest,
      )
    },
    open: async () => [...sessions.values()],
  }
}
