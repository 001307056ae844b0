import type { ForwardKey } from '../../publish/forward-journal.ts'
import { byKey, done, hurried, inFlight, unpaid } from './forward-conditions.ts'
import type { Statement } from './messages.ts'

/** What was started upstream stays: the next flight goes on there. */
const blank = `
  state = 'owed', already_present = 0, parts = 0, attempts = 0, error_code = NULL, error_detail = NULL`

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
        ${blank}, agent = :agent, size_bytes = :sizeBytes,
        ${dueAtOnce}, recorded_at = :now, changed_at = :now
      WHERE state <> 'forwarding'`,
    parameters: { registry, repository, digest, agent, sizeBytes, now },
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
        ${blank}, agent = recorded_again_by,
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
      UPDATE forwards SET ${blank}, ${dueAtOnce}, recorded_at = :now, changed_at = :now
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
