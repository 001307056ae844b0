import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { findCopy, keepCopy } from './journal-copy.ts'
import type { JournalFailure, Unit, UnitOutcome } from './messages.ts'
import { migrations } from './schema.ts'

/** `FULL`: in WAL mode `NORMAL` may lose commits at a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous). */
const lock = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  BEGIN IMMEDIATE;
  COMMIT;
`

/** The journal as its thread sees it. Every call blocks. */
export interface JournalFile {
  /** Runs the units in one transaction; one that fails is undone alone. */
  run(units: readonly Unit[]): readonly UnitOutcome[]
  close(): void
}

/**
 * Opens the journal and locks it for the life of the process. With `locking_mode=EXCLUSIVE` the lock is
 * one of the operating system on the file, which the end of the process releases, however it ends.
 *
 * @throws Error with SQLite's code `busy` when another process holds it
 * @throws Error when a newer version wrote it
 * @throws Error when it is of an earlier schema and cannot be copied
 */
export function openJournalFile(path: string): JournalFile {
  const database = new DatabaseSync(path)
  const statements = new Map<string, StatementSync>()

  try {
    database.exec(lock)
    migrate(database, path)
  } catch (error) {
    database.close()
    throw error
  }

  function statement(sql: string): StatementSync {
    const known = statements.get(sql)
    if (known) return known
    const prepared = database.prepare(sql)
    statements.set(sql, prepared)
    return prepared
  }

  function runUnit(unit: Unit): UnitOutcome {
    database.exec('SAVEPOINT unit')
    try {
      const rows = unit.map(({ sql, parameters }) => statement(sql).all(parameters))
      database.exec('RELEASE unit')
      return { type: 'rows', rows }
    } catch (error) {
      if (!database.isTransaction) throw error
      database.exec('ROLLBACK TO unit; RELEASE unit')
      return { type: 'failed', failure: toFailure(error) }
    }
  }

  return {
    run(units) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const outcomes = units.map(runUnit)
        database.exec('COMMIT')
        return outcomes
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },

    close() {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      database.close()
    },
  }
}

export function toFailure(error: unknown): JournalFailure {
  const message = error instanceof Error ? error.message : String(error)
  const resultCode = resultCodeOf(error)
  return resultCode === undefined ? { message } : { message, resultCode }
}

function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}

/** Keeps a copy of a journal of an earlier schema first: whoever goes back to the version before needs it. */
function migrate(database: DatabaseSync, path: string): void {
  const schema = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (schema > migrations.length) throw newer(path, schema)
  if (schema > 0 && schema < migrations.length) keepCopy(database, path, schema)
  for (const [index, migration] of migrations.entries()) {
    if (index < schema) continue
    try {
      database.exec(`BEGIN; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`)
    } catch (error) {
      const { message } = toFailure(error)
      const sentence = `${path} cannot be upgraded, and stays at schema ${index}: ${message}.`
      throw new Error(sentence, { cause: error })
    }
  }
}

function newer(path: string, schema: number): Error {
  const copy = findCopy(path, migrations.length)
  const sentence = `${path} was written by a newer version of Layergate: its schema is ${schema}, this version knows ${migrations.length}.`
  return new Error(
    copy ? `${sentence} The copy ${copy} from before the upgrade is beside it.` : sentence,
  )
}
