import {
  nothingReceived,
  type UploadSession,
  type UploadSessions,
} from '../../src/ingest/upload-sessions.ts'
import { newUploadId, type UploadId } from '../../src/registry/upload-id.ts'

/** The `UploadSessions` port in memory, complete: for tests that are not about its engine. */
export function createMemorySessions({ now = () => new Date() } = {}): UploadSessions {
  const sessions = new Map<UploadId, UploadSession>()

  function change(id: UploadId, changed: Partial<UploadSession>): void {
    const session = sessions.get(id)
    if (session && session.finishedAs === undefined) {
      sessions.set(id, { ...session, ...changed, changedAt: now() })
    }
  }

  function unfinished(): readonly UploadSession[] {
    return [...sessions.values()].filter(({ finishedAs }) => finishedAs === undefined)
  }

  return {
    async create(session) {
      const at = now()
      const created: UploadSession = {
        ...session,
        id: newUploadId(),
        received: nothingReceived,
        createdAt: at,
        changedAt: at,
      }
      sessions.set(created.id, created)
      return created
    },
    find: async (id) => sessions.get(id),
    advance: async (id, received) => change(id, { received }),
    finish: async (id, finishedAs) => change(id, { finishedAs }),
    async end(id) {
      sessions.delete(id)
    },
    async isReceiving(repository, digest) {
      return unfinished().some(
        (session) => session.repository === repository && session.expected === digest,
      )
    },
    async hasReceived(digest) {
      return unfinished().some(({ received }) => received.digest === digest)
    },
    unfinished: async () => unfinished(),
    async unchangedSince(time) {
      return [...sessions.values()]
        .filter(({ changedAt }) => changedAt <= time)
        .toSorted((one, other) => one.changedAt.getTime() - other.changedAt.getTime())
    },
  }
}
