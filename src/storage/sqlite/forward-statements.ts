import type { ForwardError, ForwardKey } from '../../publish/forward-journal.ts'
import { byKey, done, held, hurried, inFlight, unpaid } from './forward-conditions.ts'
import type { Statement } from './messages.ts'

/** What was started upstream stays: the next flight goes on there. */
const blank = `already_present = 0, parts = 0, attempts = 0`
const owed = `state = 'owed', ${blank}, error_code = NULL, error_detail = NULL`

/** What waits for its turn keeps it, hurried or not; what rests rests no more. */
const dueAtOnce = `due_at = iif(state = 'owed', min(due_at, :now), :now)`

/** Leaves a forward in flight to `recordInFlight`. */
export function recordForward(
  { registry, repository, digest }: ForwardKey,
  agent: string,
  sizeBytes: number,
  now: number,
): Statement {
  return {
    sql: `
      INSERT INTO forwards
        (registry, repository, digest, state, agent, size_bytes, due_at, recorded_at, changed_at)
      VALUES (:registry, :repository, :digest, 'owed', :agent, :sizeBytes, :now, :now, :now)
      ON CONFLICT (registry, repository, digest) DO UPDATE SET
        ${owed}, agent = :agent, size_bytes = :sizeBytes,
        ${dueAtOnce}, recorded_at = :now, changed_at = :now
      WHERE state <> 'forwarding'`,
    parameters: { registry, repository, digest, agent, sizeBytes, now },
  }
}

/** Leaves what is owed or in flight as it is. When it is due has no meaning before it is owed. */
export function holdForward(
  { registry, repository, digest }: ForwardKey,
  agent: string,
  sizeBytes: number,
  { code, detail }: ForwardError,
  now: number,
): Statement {
  return {
    sql: `
      INSERT INTO forwards
        (registry, repository, digest, state, agent, size_bytes, error_code, error_detail, due_at, recorded_at, changed_at)
      VALUES (:registry, :repository, :digest, 'held', :agent, :sizeBytes, :code, :detail, :now, :now, :now)
      ON CONFLICT (registry, repository, digest) DO UPDATE SET
        state = 'held', ${blank}, error_code = :code, error_detail = :detail,
        agent = :agent, size_bytes = :sizeBytes, due_at = :now, recorded_at = :now, changed_at = :now
      WHERE state NOT IN ('owed', 'forwarding')`,
    parameters: { registry, repository, digest, agent, sizeBytes, code, detail, now },
  }
}

/** Keeps for the end of the flight that the forward was recorded again. */
export function recordInFlight(
  { registry, repository, digest }: ForwardKey,
  agent: string,
  now: number,
): Statement {
  return {
    sql: `
      UPDATE forwards SET recorded_again_at = :now, recorded_again_by = :agent
      WHERE ${byKey} AND ${inFlight}`,
    parameters: { registry, repository, digest, agent, now },
  }
}

/** Behind whatever ends flights without success: what was recorded meanwhile takes effect. */
export function oweAnew(now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET
        ${owed}, agent = recorded_again_by,
        due_at = recorded_again_at, recorded_at = recorded_again_at, changed_at = :now,
        recorded_again_at = NULL, recorded_again_by = NULL
      WHERE recorded_again_at IS NOT NULL AND state <> 'forwarding'`,
    parameters: { now },
  }
}

/**
 * Not what is parked, which waits for a person. What is in flight comes first once it is owed again. What was hurried before keeps its
 * turn.
 *
 * @param turn larger than those of all calls before
 */
export function hurryForward(
  { registry, repository, digest }: ForwardKey,
  turn: number,
  now: number,
): Statement {
  return {
    sql: `
      UPDATE forwards SET hurried_at = coalesce(hurried_at, :turn), due_at = min(due_at, :now)
      WHERE ${byKey} AND state IN ('owed', 'forwarding')`,
    parameters: { registry, repository, digest, turn, now },
  }
}

export function selectLastTurn(): Statement {
  return {
    sql: `SELECT hurried_at FROM forwards WHERE ${hurried} ORDER BY hurried_at DESC LIMIT 1`,
    parameters: {},
  }
}

/** Leaves what is in flight, or paid, as it is. */
export function retryForward({ registry, repository, digest }: ForwardKey, now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET ${owed}, ${dueAtOnce}, recorded_at = :now, changed_at = :now
      WHERE ${byKey} AND state NOT IN ('forwarding', 'forwarded')`,
    parameters: { registry, repository, digest, now },
  }
}

/** Gives the row as it was. */
export function dropForward({ registry, repository, digest }: ForwardKey): Statement {
  return {
    sql: `DELETE FROM forwards WHERE ${byKey} AND ${unpaid} RETURNING *`,
    parameters: { registry, repository, digest },
  }
}

/** Gives the rows as they were, in no order. */
export function dropHeldForwards(recordedBefore: number): Statement {
  return {
    sql: `DELETE FROM forwards WHERE ${held} AND recorded_at < :recordedBefore RETURNING *`,
    parameters: { recordedBefore },
  }
}

/** Gives one row for each that it removed. */
export function pruneForwards(unchangedSince: number, limit: number): Statement {
  return {
    sql: `
      DELETE FROM forwards WHERE id IN (
        SELECT id FROM forwards WHERE ${done} AND changed_at < :unchangedSince
        ORDER BY changed_at LIMIT :limit)
      RETURNING id`,
    parameters: { unchangedSince, limit },
  }
}
