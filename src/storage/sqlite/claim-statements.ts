import {
  type ForwardError,
  longestRestMs,
  type Published,
  type StartedUpload,
} from '../../publish/forward-journal.ts'
import { claimable, hurried, inFlight } from './forward-conditions.ts'
import type { Statement } from './messages.ts'

const firstDue = `SELECT due_at FROM forwards WHERE ${claimable} ORDER BY due_at LIMIT 1`

/** Those that rest meanwhile are passed over; they keep their place. */
const nextHurried = `
  SELECT id FROM forwards WHERE ${hurried} AND due_at <= :now ORDER BY hurried_at, id LIMIT 1`

/** Jumps from agent to agent in the index instead of reading all that they owe. */
const nextInFairness = `
  WITH RECURSIVE longest_due (id, agent, due_at) AS (
    SELECT * FROM (
      SELECT id, agent, due_at FROM forwards INDEXED BY forwards_due_of_agent
      WHERE ${claimable} ORDER BY agent, due_at, id LIMIT 1)
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

/** Looks at no forward when nothing is due: after an outage all that is hurried may rest. */
function ifAnyIsDue(next: string): string {
  return `CASE WHEN (${firstDue}) <= :now THEN ${next} END`
}

const nextOfAll = ifAnyIsDue(`coalesce((${nextHurried}), (${nextInFairness}))`)
const nextUnhurried = ifAnyIsDue(`(${nextInFairness})`)

const unclaimed = 'claimed_from = NULL, claimed_at = NULL'

/**
 * The end of a flight without success. Only what is owed then stays hurried, be it owed because it was recorded again.
 *
 * @param state an expression
 */
function backTo(state: string): string {
  return `
    state = ${state}, ${unclaimed},
    hurried_at = iif(${state} = 'owed' OR recorded_again_at IS NOT NULL, hurried_at, NULL)`
}

/** What rests for longer than anything may is due at once. */
export function cutRests(now: number): Statement {
  return {
    sql: `UPDATE forwards SET due_at = :now WHERE ${claimable} AND due_at > :latest`,
    parameters: { now, latest: now + longestRestMs },
  }
}

/**
 * Gives the row, if one is due. Of several in one unit, each sees what those before it took.
 *
 * @param isFair whether what is hurried has to wait for its turn like any other
 */
export function claimNext(now: number, isFair: boolean): Statement {
  return {
    sql: `
      UPDATE forwards SET state = 'forwarding', claimed_from = state, claimed_at = :now
      WHERE id = ${isFair ? nextUnhurried : nextOfAll} RETURNING *`,
    parameters: { now },
  }
}

export function selectNextDue(): Statement {
  return { sql: firstDue, parameters: {} }
}

/**
 * Claims of a process that died. Those of schema 1 do not say what the forward was before. When it changed stays as it is: a flight that
 * was cut off says nothing about the upstream, and must not be taken for a try that failed.
 */
export function reclaimForwards(now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET ${backTo("coalesce(claimed_from, 'owed')")}, due_at = :now
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
        ${backTo(':state')}, attempts = attempts + :attempts,
        error_code = :code, error_detail = :detail, due_at = :dueAt, changed_at = :now
      WHERE id = :id`,
    parameters: { id, state, attempts, code: error.code, detail: error.detail, dueAt, now },
  }
}

export function releaseForward(id: number): Statement {
  return {
    sql: `UPDATE forwards SET ${backTo('claimed_from')} WHERE id = :id`,
    parameters: { id },
  }
}
