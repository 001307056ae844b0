import { closeSync, constants, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

/** Nobody but the service's own user reads it. */
const fileMode = 0o600

/** Where the copy lies that is made of a journal before it is brought to a newer schema. */
function copyPath(path: string, schema: number): string {
  return `${path}.schema-${schema}`
}

/** The newest copy that a version which knows `newestSchema` can open. */
export function findCopy(path: string, newestSchema: number): string | undefined {
  for (let schema = newestSchema; schema > 0; schema -= 1) {
    if (existsSync(copyPath(path, schema))) return copyPath(path, schema)
  }
  return undefined
}

/**
 * Copies the whole journal beside it, durably, in place of an earlier copy of the same name. Not by copying the file: closing a second
 * descriptor of it would release the lock (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 *
 * @throws Error when it cannot be made, as on a full disk; nothing is left of it then
 */
export function keepCopy(database: DatabaseSync, path: string, schema: number): void {
  const copy = copyPath(path, schema)
  const unfinished = `${copy}.unfinished`
  try {
    rmSync(unfinished, { force: true })
    // SQLite takes an empty file that is there, and leaves it its mode.
    closeSync(openSync(unfinished, 'wx', fileMode))
    database.prepare('VACUUM INTO :unfinished').run({ unfinished })
    sync(unfinished)
    renameSync(unfinished, copy)
    sync(dirname(copy))
  } catch (error) {
    removeIfPossible(unfinished)
    const why = error instanceof Error ? error.message : String(error)
    const sentence = `${path} is not upgraded, and was left as it is: its copy, ${copy}, cannot be made: ${why}. It needs as much room as the journal.`
    throw new Error(sentence, { cause: error })
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The error that is on its way says more, and the next start removes first what is left.
  }
}
