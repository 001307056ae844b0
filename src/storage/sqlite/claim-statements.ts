import {
  type ForwardError,
  longestRestMs,
  type Published,
  type StartedUpload,
} from '../../publish/forward-journal.ts'
import { claimable, hurried, inFlight } from './forward-conditions.ts'
import type { Statement } from './messages.ts'

const firstDue = `SELECT due_at FROM forwards WHERE ${claimable} ORDER BY due_at LIMIT 1`

/** Jumps from agent to agent in the index instead of reading all that they owe, and looks at none when nothing is due. */
const nextInFairness = `
  WITH RECURSIVE longest_due (id, agent, due_at) AS (
    SELECT * FROM (
      SELECT id, agent, due_at FROM forwards INDEXED BY forwards_due_of_agent
      WHERE ${claimable} ORDER BY agent, due_at, id LIMIT 1)
    WHERE (${firstDue}) <= :now
    UNION ALL
    SELECT following.id, following.agent, following.due_at
    FROM longest_due JOIN forwards AS following ON following.id = (
      SELECT id FROM forwards INDEXED BY forwards_due_of_agent
      WHERE ${claimable} AND agent > longest_due.agent
      ORDER BY agent, due_at, id LIMIT 1)
  )
  SELECT id FROM longest_due WHERE due_at <= :now
  ORDER BY
    (SELECT count(*) FROM forwards WHERE ${inFlight} AND agent = longest_due.agent), due_at, id
  LIMIT 1`

/** What is hurried is due, whatever the clock says. */
const next = `
  coalesce(
    (SELECT id FROM forwards WHERE ${hurried} ORDER BY hurried_at, id LIMIT 1),
    (${nextInFairness}))`

const unclaimed = 'claimed_from = NULL, claimed_at = NULL'

/** What rests for longer than anything may is due at once. */
export function cutRests(now: number): Statement {
  return {
    sql: `UPDATE forwards SET due_at = :now WHERE ${claimable} AND due_at > :latest`,
    parameters: { now, latest: now + longestRestMs },
  }
}

/** Gives the row, if one is due. Of several in one unit, each sees what those before it took. */
export function claimNext(now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET state = 'forwarding', claimed_from = state, claimed_at = :now
      WHERE id = ${next} RETURNING *`,
    parameters: { now },
  }
}

export function selectNextDue(): Statement {
  return { sql: firstDue, parameters: {} }
}

/** Claims of a process that died. Those of schema 1 do not say what the forward was before. */
export function reclaimForwards(now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET
        state = coalesce(claimed_from, 'owed'), ${unclaimed}, due_at = :now, changed_at = :now
      WHERE ${inFlight}`,
    parameters: { now },
  }
}

export function keepProgress(id: number, upload: StartedUpload | undefined): Statement {
  return {
    sql: `
      UPDATE forwards SET
        upload_id = :uploadId, upload_part_bytes = :partSizeBytes, upload_sent_bytes = :sentBytes
      WHERE id = :id`,
    parameters: {
      id,
      uploadId: upload?.id ?? null,
      partSizeBytes: upload?.partSizeBytes ?? null,
      sentBytes: upload?.sentBytes ?? null,
    },
  }
}

export function completeForward(id: number, published: Published, now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET
        state = 'forwarded', already_present = :alreadyPresent, parts = :parts,
        attempts = attempts + :attempts, error_code = NULL, error_detail = NULL, changed_at = :now,
        upload_id = NULL, upload_part_bytes = NULL, upload_sent_bytes = NULL,
        ${unclaimed}, hurried_at = NULL, recorded_again_at = NULL, recorded_again_by = NULL
      WHERE id = :id`,
    parameters: {
      id,
      alreadyPresent: published.alreadyPresent ? 1 : 0,
      parts: published.parts,
      attempts: published.attempts,
      now,
    },
  }
}

/** @param dueAt without a meaning for what is parked for good */
export function failForward(
  id: number,
  state: 'owed' | 'parked' | 'parked_for_good',
  error: ForwardError,
  attempts: number,
  dueAt: number,
  now: number,
): Statement {
  return {
    sql: `
      UPDATE forwards SET
        state = :state, attempts = attempts + :attempts, ${unclaimed}, hurried_at = NULL,
        error_code = :code, error_detail = :detail, due_at = :dueAt, changed_at = :now
      WHERE id = :id`,
    parameters: { id, state, attempts, code: error.code, detail: error.detail, dueAt, now },
  }
}

export function releaseForward(id: number): Statement {
  return {
    sql: `UPDATE forwards SET state = claimed_from, ${unclaimed} WHERE id = :id`,
    parameters: { id },
  }
}
