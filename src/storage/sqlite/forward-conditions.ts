/**
 * Conditions as the partial indexes of `schema.ts` spell them: SQLite takes such an index only for an expression that it can see to be
 * the same (https://www.sqlite.org/partialindex.html#queries_using_partial_indexes).
 */
export const claimable = `state IN ('owed', 'parked')`
export const stillOwed = `state NOT IN ('forwarded', 'parked_for_good')`
export const unpaid = `state <> 'forwarded'`
export const inFlight = `state = 'forwarding'`
export const held = `state = 'held'`
export const done = `state = 'forwarded'`
export const hurried = `state = 'owed' AND hurried_at IS NOT NULL`

export const byKey = 'registry = :registry AND repository = :repository AND digest = :digest'
