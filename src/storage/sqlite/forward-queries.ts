import type { ForwardKey } from '../../publish/forward-journal.ts'
import type { Digest } from '../../registry/digest.ts'
import { byKey, inFlight, stillOwed, unpaid } from './forward-conditions.ts'
import type { Statement } from './messages.ts'

export function findForward({ registry, repository, digest }: ForwardKey): Statement {
  return {
    sql: `SELECT * FROM forwards WHERE ${byKey}`,
    parameters: { registry, repository, digest },
  }
}

export function findForwardById(id: number): Statement {
  return { sql: 'SELECT * FROM forwards WHERE id = :id', parameters: { id } }
}

/** In the order in which they were first recorded. */
export function selectForwardsOfLayer(digest: Digest): Statement {
  return {
    sql: 'SELECT * FROM forwards WHERE digest = :digest ORDER BY id',
    parameters: { digest },
  }
}

/** Of a layer that is in many repositories, the index of all its forwards would be the slow one. */
export function findDebt(digest: Digest): Statement {
  return {
    sql: `
      SELECT 1 FROM forwards INDEXED BY forwards_owed
      WHERE digest = :digest AND ${stillOwed} LIMIT 1`,
    parameters: { digest },
  }
}

export function selectOwedDigests(): Statement {
  return { sql: `SELECT DISTINCT digest FROM forwards WHERE ${stillOwed}`, parameters: {} }
}

export function countDebts(): Statement {
  return {
    sql: `
      SELECT state, count(*) AS forwards, sum(size_bytes) AS bytes, min(recorded_at) AS oldest_recorded_at
      FROM forwards WHERE ${unpaid} GROUP BY state`,
    parameters: {},
  }
}

export function selectUnpaid(limit: number): Statement {
  return {
    sql: `SELECT * FROM forwards WHERE ${unpaid} ORDER BY recorded_at, id LIMIT :limit`,
    parameters: { limit },
  }
}

export function selectInFlight(): Statement {
  return {
    sql: `
      SELECT * FROM forwards INDEXED BY forwards_in_flight
      WHERE ${inFlight} ORDER BY recorded_at, id`,
    parameters: {},
  }
}
