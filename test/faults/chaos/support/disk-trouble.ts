import type { Files, OpenFile } from '../../../../src/storage/disk/files.ts'
import { faultyFiles, systemError } from '../../../storage/support/faulty-files.ts'
import type { Random } from './random.ts'

/** A disk that fills up, writes less than it was told to, and fails. */
export interface DiskTrouble {
  readonly files: Files
  stir(random: Random): void
  clear(): void
  counts(): Readonly<Record<string, number>>
}

export type DiskFault = 'full' | 'short write' | 'short read' | 'failed sync' | 'failed create'

export function troubleDisk(probability: number): DiskTrouble {
  const due = new Map<DiskFault, number>()
  const counts: Record<string, number> = {}
  let freeBytes = Infinity

  function isDue(fault: DiskFault): boolean {
    const times = due.get(fault) ?? 0
    if (times > 0) due.set(fault, times - 1)
    return times > 0
  }

  function count(fault: DiskFault): void {
    counts[fault] = (counts[fault] ?? 0) + 1
  }

  async function writev(file: OpenFile, chunks: readonly Uint8Array[], position: number) {
    const all = Buffer.concat(chunks)
    if (all.length > freeBytes) {
      count('full')
      const fitting = all.subarray(0, freeBytes)
      freeBytes = 0
      if (fitting.length === 0) throw systemError('ENOSPC')
      return file.writev([fitting], position)
    }
    freeBytes -= all.length
    if (all.length < 2 || !isDue('short write')) return file.writev([all], position)
    count('short write')
    return file.writev([all.subarray(0, Math.ceil(all.length / 3))], position)
  }

  async function read(file: OpenFile, target: Uint8Array, position: number) {
    if (target.length < 2 || !isDue('short read')) return file.read(target, position)
    count('short read')
    return file.read(target.subarray(0, Math.ceil(target.length / 3)), position)
  }

  async function datasync(file: OpenFile): Promise<void> {
    if (!isDue('failed sync')) return file.datasync()
    count('failed sync')
    throw systemError('EIO')
  }

  const files = faultyFiles({ writev, read, datasync })
  return {
    files: {
      ...files,
      async create(path) {
        if (!isDue('failed create')) return files.create(path)
        count('failed create')
        throw systemError('ENOSPC')
      },
    },

    stir(random) {
      if (freeBytes === Infinity && random.chance(probability / 4)) {
        freeBytes = random.size(1, 4_000_000)
      } else if (random.chance(0.3)) freeBytes = Infinity
      if (!random.chance(probability)) return
      const fault = random.pick([
        'short write',
        'short read',
        'failed sync',
        'failed create',
      ] as const)
      due.set(fault, (due.get(fault) ?? 0) + 1)
    },

    clear() {
      due.clear()
      freeBytes = Infinity
    },
    counts: () => counts,
  }
}
