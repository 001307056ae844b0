import { constants, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'

/** A file that only grows, as the operating system has it. */
export interface AppendingFile {
  /** It ended in the middle of a line when it was opened, as after a crash. */
  readonly isCutOff: boolean
  /** Resolves to how many bytes were written: maybe not all. */
  write(bytes: Buffer): Promise<number>
  writeSync(bytes: Buffer): number
  close(): Promise<void>
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
const lineEnd = 10

/** Creates it for its owner alone. A pipe that nobody reads is an error, rather than a wait without end. */
export async function openForAppending(path: string): Promise<AppendingFile> {
  const file = await open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0o600)
  return {
    isCutOff: await isCutOff(path),
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    writeSync: (bytes) => writeSync(file.fd, bytes),
    close: () => file.close(),
  }
}

async function isCutOff(path: string): Promise<boolean> {
  try {
    await using file = await open(path, O_RDONLY | O_NONBLOCK)
    const { size } = await file.stat()
    if (size === 0) return false
    const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
    return buffer[0] !== lineEnd
  } catch {
    // What may be written, but not read.
    return false
  }
}
