import type { ForwardError, ForwardKey, Published } from '../../publish/forward-journal.ts'
import { byKey } from './forward-queries.ts'
import type { Statement } from './messages.ts'

/** As the partial index spells it; SQLite recognises no other spelling. */
const claimable = `state IN ('owed', 'parked')`
const due = `${claimable} AND due_at <= :now ORDER BY due_at, id LIMIT :limit`

/** Further back than any forward was ever due: what is hurried comes first, and in the order in which it was hurried. */
const headStartMs = 10 ** 13

const blank = `
  state = 'owed', already_present = 0, parts = 0, attempts = 0, error_code = NULL, error_detail = NULL`

/** Leaves a forward in flight to `recordInFlight`; one that waits for its turn keeps it. */
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
        due_at = iif(state = 'owed', min(due_at, :now), :now), recorded_at = :now, changed_at = :now
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
      WHERE ${byKey} AND state = 'forwarding'`,
    parameters: { registry, repository, digest, agent, now },
  }
}

/** Only what is owed: what is parked waits for a person. */
export function hurryForward({ registry, repository, digest }: ForwardKey, now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET due_at = min(due_at, :hurriedAt)
      WHERE ${byKey} AND state = 'owed'`,
    parameters: { registry, repository, digest, hurriedAt: now - headStartMs },
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
      WHERE recorded_again_at IS NOT NULL AND ${claimable}`,
    parameters: { now },
  }
}

/** The rows as they were before `claimDueForwards`, which takes the same ones. */
export function selectDueForwards(limit: number, now: number): Statement {
  return { sql: `SELECT * FROM forwards WHERE ${due}`, parameters: { limit, now } }
}

export function claimDueForwards(limit: number, now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET state = 'forwarding', claimed_from = state, changed_at = :now
      WHERE id IN (SELECT id FROM forwards WHERE ${due})`,
    parameters: { limit, now },
  }
}

export function selectNextDue(): Statement {
  return {
    sql: `SELECT due_at FROM forwards WHERE ${claimable} ORDER BY due_at LIMIT 1`,
    parameters: {},
  }
}

/** Claims of a process that died. Those of schema 1 do not say what the forward was before. */
export function reclaimForwards(now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET
        state = coalesce(claimed_from, 'owed'), claimed_from = NULL, due_at = :now, changed_at = :now
      WHERE state = 'forwarding'`,
    parameters: { now },
  }
}

export function completeForward(id: number, published: Published, now: number): Statement {
  return {
    sql: `
      UPDATE forwards SET
        state = 'forwarded', already_present = :alreadyPresent, parts = :parts,
        attempts = attempts + :attempts, error_code = NULL, error_detail = NULL, changed_at = :now,
        claimed_from = NULL, recorded_again_at = NULL, recorded_again_by = NULL
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

export function failForward(
  id: number,
  state: 'owed' | 'parked',
  error: ForwardError,
  attempts: number,
  dueAt: number,
  now: number,
): Statement {
  return {
    sql: `
      UPDATE forwards SET
        state = :state, attempts = attempts + :attempts, claimed_from = NULL,
        error_code = :code, error_detail = :detail, due_at = :dueAt, changed_at = :now
      WHERE id = :id`,
    parameters: { id, state, attempts, code: error.code, detail: error.detail, dueAt, now },
  }
}

export function releaseForward(id: number, changedAt: number): Statement {
  return {
    sql: `
      UPDATE forwards SET state = claimed_from, claimed_from = NULL, changed_at = :changedAt
      WHERE id = :id`,
    parameters: { id, changedAt },
  }
}
