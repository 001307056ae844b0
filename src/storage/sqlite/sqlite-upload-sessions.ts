import type { UploadSession, UploadSessions } from '../../ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../registry/repository-name.ts'
import { newUploadId } from '../../registry/upload-id.ts'
import type { Journal } from './journal.ts'
import type { Row } from './messages.ts'
import { date, digest, isNull, text, uploadId } from './rows.ts'

export function createUploadSessions(journal: Journal, now: () => Date): UploadSessions {
  return {
    async create(session) {
      const created: UploadSession = { ...session, id: newUploadId(), createdAt: now() }
      await journal.run({
        sql: `
          INSERT INTO upload_sessions (id, repository, agent, expected, created_at)
          VALUES (:id, :repository, :agent, :expected, :createdAt)`,
        parameters: {
          id: created.id,
          repository: created.repository,
          agent: created.agent,
          expected: created.expected ?? null,
          createdAt: created.createdAt.getTime(),
        },
      })
      return created
    },

    async end(id) {
      await journal.run({
        sql: 'DELETE FROM upload_sessions WHERE id = :id',
        parameters: { id },
      })
    },

    async isReceiving(repository, expected) {
      const [rows = []] = await journal.run({
        sql: `
          SELECT 1 FROM upload_sessions
          WHERE repository = :repository AND expected = :expected LIMIT 1`,
        parameters: { repository, expected },
      })
      return rows.length > 0
    },

    async open() {
      const [rows = []] = await journal.run({
        sql: 'SELECT * FROM upload_sessions ORDER BY created_at, id',
        parameters: {},
      })
      return rows.map(toSession)
    },
  }
}

function toSession(row: Row): UploadSession {
  return {
    id: uploadId(row, 'id'),
    repository: parseRepositoryName(text(row, 'repository')),
    agent: text(row, 'agent'),
    ...(!isNull(row, 'expected') && { expected: digest(row, 'expected') }),
    createdAt: date(row, 'created_at'),
  }
}
