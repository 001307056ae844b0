import { constants } from 'node:fs'
import { mkdir, open, readdir, stat, statfs, unlink, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** One open file. Errors are those of the operating system, with their `code`. */
export interface OpenFile {
  /** May write fewer bytes than it was given, without an error, when the disk fills up. */
  readonly writev: (chunks: readonly Uint8Array[], position: number) => Promise<number>
  /** Returns 0 at the end of the file. */
  readonly read: (target: Uint8Array, position: number) => Promise<number>
  readonly truncate: (sizeBytes: number) => Promise<void>
  readonly datasync: () => Promise<void>
  readonly sizeBytes: () => Promise<number>
  readonly close: () => Promise<void>
}

/** What the spool needs of a file system, so that a test can fill the disk or break it. */
export interface Files {
  /** For writing; fails when the file exists. */
  create(path: string): Promise<OpenFile>
  /** For reading. */
  open(path: string): Promise<OpenFile>
  /** Fails when there is no such file. */
  openForWriting(path: string): Promise<OpenFile>
  /** `undefined` when there is no such file. */
  sizeBytes(path: string): Promise<number | undefined>
  unlink(path: string): Promise<void>
  list(directory: string): Promise<readonly string[]>
  makeDirectory(path: string): Promise<void>
  /** Makes the entries of a directory durable. */
  syncDirectory(path: string): Promise<void>
  disk(directory: string): Promise<DiskSpace>
}

export interface DiskSpace {
  readonly totalBytes: number
  /** What is left to an ordinary user. */
  readonly freeBytes: number
}

/** Layers may be private: nobody but the service's own user reads them. */
const directoryMode = 0o700
const fileMode = 0o600

export const nodeFiles: Files = {
  create: async (path) => openFile(await open(path, 'wx', fileMode)),
  open: async (path) => openFile(await open(path, constants.O_RDONLY)),
  openForWriting: async (path) => openFile(await open(path, constants.O_WRONLY)),

  async sizeBytes(path) {
    try {
      return (await stat(path)).size
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  },

  async unlink(path) {
    try {
      await unlink(path)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  },

  list: (directory) => readdir(directory),

  async makeDirectory(path) {
    const firstMade = await mkdir(path, { recursive: true, mode: directoryMode })
    if (firstMade === undefined) return
    for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
      await syncDirectory(dirname(made))
    }
  },

  syncDirectory,

  async disk(directory) {
    const { bsize, blocks, bavail } = await statfs(directory)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  },
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function openFile(handle: FileHandle): OpenFile {
  return {
    writev: async (chunks, position) => (await handle.writev(chunks, position)).bytesWritten,
    read: async (target, position) =>
      (await handle.read(target, 0, target.length, position)).bytesRead,
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    datasync: () => handle.datasync(),
    sizeBytes: async () => (await handle.stat()).size,
    close: () => handle.close(),
  }
}
