import { join, resolve } from 'node:path'
import type { UploadSessions } from '../ingest/upload-sessions.ts'
import type { LayerFindings } from '../layers/layer-findings.ts'
import type { Refusals } from '../layers/refusals.ts'
import type { Spool } from '../layers/spool.ts'
import type { ForwardJournal } from '../publish/forward-journal.ts'
import type { Digest } from '../registry/digest.ts'
import type { UploadId } from '../registry/upload-id.ts'
import { LayergateError } from '../registry/errors.ts'
import { defaultCapacityBytes } from './capacity.ts'
import { createDiskSpool } from './disk/disk-spool.ts'
import { type Files, nodeFiles } from './disk/files.ts'
import { takeInventory } from './disk/inventory.ts'
import { createSpace } from './disk/space.ts'
import { openUploadFolder } from './disk/upload-folder.ts'
import type { Log } from './log.ts'
import { type Journal, openJournal } from './sqlite/journal.ts'
import { openForwardJournal } from './sqlite/sqlite-forward-journal.ts'
import { createLayerFindings } from './sqlite/sqlite-layer-findings.ts'
import { createRefusals } from './sqlite/sqlite-refusals.ts'
import { createSealedIndex } from './sqlite/sqlite-sealed-index.ts'
import { createUploadSessions } from './sqlite/sqlite-upload-sessions.ts'

export interface EmbeddedStorageOptions {
  /** One local file system; held by one process at a time. */
  readonly dataDir: string
  /** What the spool may fill; by default as `defaultCapacityBytes` has it. */
  readonly capacityBytes?: number
  /** For the bytes of all uploads on their way to the disk. */
  readonly memoryBytes?: number
  /** How long to wait for a process that holds the folder. */
  readonly lockWaitMs?: number
  readonly now?: () => Date
  readonly files?: Files
  readonly log: Log
  /** Called once when the journal's thread dies: nothing can be stored any more. */
  readonly onFailure: (error: Error) => void
}

export interface EmbeddedStorage {
  readonly spool: Spool
  readonly sessions: UploadSessions
  readonly forwards: ForwardJournal
  /** The file of an upload, be it sealed or not, or of a sealed layer, which may be gone: for threads that read by themselves. */
  readonly locate: (bytes: UploadId | Digest) => string | undefined
  readonly refusals: Refusals
  readonly findings: LayerFindings
  /** How many transactions the journal committed so far. */
  readonly commits: () => number
  /**
   * Refuses whoever still waits, closes what is open, answers what was asked of the journal before, and gives
   * the folder free.
   */
  readonly close: () => Promise<void>
}

const defaultMemoryBytes = 64 * 1024 * 1024
const defaultLockWaitMs = 60_000

/**
 * Storage in one folder: a SQLite journal and one file for each layer.
 *
 * @throws Error when another process holds the folder, a newer version wrote it, or its journal is of an earlier schema and cannot be
 * upgraded
 */
export async function openEmbeddedStorage(
  options: EmbeddedStorageOptions,
): Promise<EmbeddedStorage> {
  const { lockWaitMs = defaultLockWaitMs, files = nodeFiles, log, onFailure } = options
  const dataDir = resolve(options.dataDir)
  await files.makeDirectory(dataDir)
  const journal = await openJournal({
    path: join(dataDir, 'journal.sqlite'),
    lockWaitMs,
    log,
    onFailure,
  })
  try {
    await files.syncDirectory(dataDir)
    return await openOver(journal, files, dataDir, options)
  } catch (error) {
    await journal.close()
    throw error
  }
}

async function openOver(
  journal: Journal,
  files: Files,
  dataDir: string,
  options: EmbeddedStorageOptions,
): Promise<EmbeddedStorage> {
  const { memoryBytes = defaultMemoryBytes, now = () => new Date(), log } = options
  const sessions = createUploadSessions(journal, now)
  const forwards = await openForwardJournal(journal, now, log)
  const index = createSealedIndex(journal, now)
  const folder = await openUploadFolder(files, join(dataDir, 'uploads'))

  const unfinished = { all: await sessions.unfinished(), end: sessions.end }
  const inventory = await takeInventory(folder, index, unfinished, log)
  const capacityBytes =
    options.capacityBytes ?? defaultCapacityBytes(await files.disk(dataDir), inventory.storedBytes)
  const space = createSpace(capacityBytes, inventory.storedBytes)
  const spool = createDiskSpool({ folder, index, space, inventory, memoryBytes })

  return {
    spool,
    sessions,
    forwards,
    locate: spool.locate,
    refusals: createRefusals(journal, log),
    findings: createLayerFindings(journal, now, log),
    commits: () => journal.commits(),

    async close() {
      await forwards.close(new LayergateError('shutting_down', 'The storage is being closed.'))
      await spool.close()
      await journal.close()
    },
  }
}
