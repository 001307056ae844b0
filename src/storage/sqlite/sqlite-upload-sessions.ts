import {
  nothingReceived,
  type UploadSession,
  type UploadSessions,
} from '../../ingest/upload-sessions.ts'
import { parseRepositoryName } from '../../registry/repository-name.ts'
import { newUploadId } from '../../registry/upload-id.ts'
import type { Journal } from './journal.ts'
import type { Row, Statement } from './messages.ts'
import { date, digest, integer, isNull, text, uploadId } from './rows.ts'

export function createUploadSessions(journal: Journal, now: () => Date): UploadSessions {
  async function select(
    where: string,
    parameters: Statement['parameters'] = {},
  ): Promise<readonly UploadSession[]> {
    const [rows = []] = await journal.run({
      sql: `SELECT * FROM upload_sessions WHERE ${where}`,
      parameters,
    })
    return rows.map(toSession)
  }

  return {
    async create(session) {
      const createdAt = now()
      const created: UploadSession = {
        ...session,
        id: newUploadId(),
        received: nothingReceived,
        createdAt,
        changedAt: createdAt,
      }
      await journal.run(insert(created))
      return created
    },

    async find(id) {
      const [session] = await select('id = :id', { id })
      return session
    },

    async advance(id, received) {
      await journal.run({
        sql: `
          UPDATE upload_sessions
          SET received_digest = :digest, received_bytes = :sizeBytes, changed_at = :now
          WHERE id = :id AND finished_as IS NULL`,
        parameters: {
          id,
          digest: received.digest,
          sizeBytes: received.sizeBytes,
          now: now().getTime(),
        },
      })
    },

    async finish(id, finishedAs) {
      await journal.run({
        sql: `
          UPDATE upload_sessions SET finished_as = :finishedAs, changed_at = :now
          WHERE id = :id AND finished_as IS NULL`,
        parameters: { id, finishedAs, now: now().getTime() },
      })
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
          WHERE repository = :repository AND expected = :expected AND finished_as IS NULL LIMIT 1`,
        parameters: { repository, expected },
      })
      return rows.length > 0
    },

    async hasReceived(received) {
      const [rows = []] = await journal.run({
        sql: `
          SELECT 1 FROM upload_sessions
          WHERE received_digest = :received AND finished_as IS NULL LIMIT 1`,
        parameters: { received },
      })
      return rows.length > 0
    },

    unfinished: () => select('finished_as IS NULL ORDER BY created_at, id'),

    unchangedSince: (time) =>
      select('changed_at <= :time ORDER BY changed_at, id', { time: time.getTime() }),
  }
}

function insert(session: UploadSession): Statement {
  return {
    sql: `
      INSERT INTO upload_sessions
        (id, repository, agent, expected, is_resumable, received_digest, received_bytes, created_at, changed_at)
      VALUES
        (:id, :repository, :agent, :expected, :isResumable, :digest, :sizeBytes, :createdAt, :createdAt)`,
    parameters: {
      id: session.id,
      repository: session.repository,
      agent: session.agent,
      expected: session.expected ?? null,
      isResumable: session.isResumable ? 1 : 0,
      digest: session.received.digest,
      sizeBytes: session.received.sizeBytes,
      createdAt: session.createdAt.getTime(),
    },
  }
}

function toSession(row: Row): UploadSession {
  return {
    id: uploadId(row, 'id'),
    repository: parseRepositoryName(text(row, 'repository')),
    agent: text(row, 'agent'),
    ...(!isNull(row, 'expected') && { expected: digest(row, 'expected') }),
    isResumable: integer(row, 'is_resumable') === 1,
    received: {
      digest: digest(row, 'received_digest'),
      sizeBytes: integer(row, 'received_bytes'),
    },
    createdAt: date(row, 'created_at'),
    changedAt: date(row, 'changed_at'),
    ...(!isNull(row, 'finished_as') && { finishedAs: digest(row, 'finished_as') }),
  }
}
