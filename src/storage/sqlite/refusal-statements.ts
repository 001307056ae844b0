import type { Digest } from '../../registry/digest.ts'
import type { Refusal } from '../../registry/refusal.ts'
import type { RepositoryName } from '../../registry/repository-name.ts'
import type { Row, Statement } from './messages.ts'
import { integer } from './rows.ts'

export function recordRefusal(refusal: Refusal): Statement {
  const { expected, actual, diagnosis } = refusal
  return {
    sql: `
      INSERT INTO refusals
        (repository, agent, place, request_id, code, detail, expected_digest, expected_bytes, actual_digest, actual_bytes,
         cause, evidence, refused_at)
      VALUES
        (:repository, :agent, :place, :requestId, :code, :detail, :expectedDigest, :expectedBytes, :actualDigest, :actualBytes,
         :cause, :evidence, :refusedAt)`,
    parameters: {
      repository: refusal.repository,
      agent: refusal.agent,
      place: refusal.place,
      requestId: refusal.requestId ?? null,
      code: refusal.code,
      detail: refusal.detail,
      expectedDigest: expected?.digest ?? null,
      expectedBytes: expected?.sizeBytes ?? null,
      actualDigest: actual?.digest ?? null,
      actualBytes: actual?.sizeBytes ?? null,
      cause: diagnosis.cause,
      evidence: JSON.stringify(diagnosis.evidence),
      refusedAt: refusal.refusedAt.getTime(),
    },
  }
}

/** A place in the order of the refusals. */
export interface RefusalMark {
  readonly refusedAt: number
  readonly id: number
}

export const newestRefusal: RefusalMark = {
  refusedAt: Number.MAX_SAFE_INTEGER,
  id: Number.MAX_SAFE_INTEGER,
}

export function markOf(row: Row): RefusalMark {
  return { refusedAt: integer(row, 'refused_at'), id: integer(row, 'id') }
}

/** Those before `mark`, the newest first, `limit` at most. */
export function selectRefusals(
  repository: RepositoryName | undefined,
  mark: RefusalMark,
  limit: number,
): Statement {
  const ofRepository = repository === undefined ? '' : 'repository = :repository AND'
  return {
    sql: `
      SELECT * FROM refusals WHERE ${ofRepository} (refused_at, id) < (:refusedAt, :id)
      ORDER BY refused_at DESC, id DESC LIMIT :limit`,
    parameters: { ...(repository !== undefined && { repository }), ...mark, limit },
  }
}

export function findRefusal(repository: RepositoryName, digest: Digest, since: number): Statement {
  return {
    sql: `${whereDigestIs('expected_digest')} UNION ALL ${whereDigestIs('actual_digest')} LIMIT 1`,
    parameters: { repository, digest, since },
  }
}

function whereDigestIs(column: string): string {
  return `
    SELECT 1 FROM refusals
    WHERE ${column} = :digest AND repository = :repository AND refused_at >= :since`
}

/** Gives one row for each that it removed. */
export function removeRefusalsBefore(time: number, limit: number): Statement {
  return {
    sql: `
      DELETE FROM refusals WHERE id IN (
        SELECT id FROM refusals WHERE refused_at < :time ORDER BY refused_at, id LIMIT :limit)
      RETURNING id`,
    parameters: { time, limit },
  }
}

/** The oldest, as long as there are more than `most`. Gives one row for each that it removed. */
export function removeSurplusRefusals(most: number, limit: number): Statement {
  return {
    sql: `
      DELETE FROM refusals WHERE id IN (
        SELECT id FROM refusals ORDER BY refused_at, id
        LIMIT max(0, min(:limit, (SELECT count(*) FROM refusals) - :most)))
      RETURNING id`,
    parameters: { most, limit },
  }
}
