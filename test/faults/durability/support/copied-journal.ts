import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const database = 'journal.sqlite'
const log = 'journal.sqlite-wal'

/** How much of the journal is durable for sure: what was committed when this was taken. */
export interface CommitMark {
  /** Until when the main file was not written: a checkpoint makes room in the log, once all of it is durable in the main file. */
  readonly databaseChangedAt: bigint
  readonly salt: string
  readonly endBytes: number
}

/** https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
const headerBytes = 32
const frameHeaderBytes = 24

/** To be taken when a commit has been answered. `undefined` while there is no log. */
export function markCommits(dataDir: string): CommitMark | undefined {
  const bytes = readLog(dataDir)
  if (bytes.length < headerBytes) return undefined
  const frameBytes = frameHeaderBytes + bytes.readUInt32BE(8)
  const salt = bytes.toString('hex', 16, 24)
  let endBytes = headerBytes
  for (let at = headerBytes; at + frameBytes <= bytes.length; at += frameBytes) {
    if (bytes.toString('hex', at + 8, at + 16) !== salt) break
    // Only the last frame of a commit has the size of the database.
    if (bytes.readUInt32BE(at + 4) !== 0) endBytes = at + frameBytes
  }
  return { databaseChangedAt: changedAt(dataDir), salt, endBytes }
}

/**
 * Copies the journal as it is at this moment, while its thread may be writing.
 *
 * @param spoil gets what is not durable yet of the log, and says what the power cut left of it
 */
export function copyJournal(
  dataDir: string,
  target: string,
  mark: CommitMark | undefined,
  spoil: (tail: Buffer) => Buffer = (tail) => tail,
): void {
  mkdirSync(target, { recursive: true })
  if (!existsSync(join(dataDir, database))) return
  for (;;) {
    const before = state(dataDir)
    copyFileSync(join(dataDir, database), join(target, database))
    const bytes = readLog(dataDir)
    if (state(dataDir) !== before) continue
    const isMarked =
      mark !== undefined &&
      mark.salt === bytes.toString('hex', 16, 24) &&
      mark.databaseChangedAt === changedAt(dataDir)
    const endBytes = isMarked ? mark.endBytes : bytes.length
    const tail = spoil(Buffer.from(bytes.subarray(endBytes)))
    writeFileSync(join(target, log), Buffer.concat([bytes.subarray(0, endBytes), tail]))
    return
  }
}

/** Changes when a checkpoint writes, or the log begins anew. */
function state(dataDir: string): string {
  return `${changedAt(dataDir)} ${readLog(dataDir).toString('hex', 0, headerBytes)}`
}

function changedAt(dataDir: string): bigint {
  return statSync(join(dataDir, database), { bigint: true }).mtimeNs
}

function readLog(dataDir: string): Buffer {
  const path = join(dataDir, log)
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
}
