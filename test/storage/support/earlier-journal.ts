import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { migrations } from '../../../src/storage/sqlite/schema.ts'
import { temporaryFolder } from './storage.ts'

/** A data folder whose journal is of an earlier schema, with what `fill` puts into it. */
export async function folderOf(
  t: TestContext,
  schema: number,
  fill: (database: DatabaseSync) => void,
): Promise<string> {
  const dataDir = await temporaryFolder(t)
  const database = new DatabaseSync(join(dataDir, 'journal.sqlite'))
  database.exec(`${migrations.slice(0, schema).join(';')}; PRAGMA user_version = ${schema}`)
  fill(database)
  database.close()
  return dataDir
}
