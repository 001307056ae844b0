import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Files, nodeFiles, type OpenFile } from '../../../../src/storage/disk/files.ts'
import type { Random } from '../../chaos/support/random.ts'
import { blend } from './blend.ts'

/** A folder of files on a disk with a volatile cache, whose power may fail at any moment. */
export interface VolatileDisk {
  readonly files: Files
  /** Makes a folder of what is left after a power cut at this moment, as bad as the rules of fsync(2) allow. */
  image(target: string, random: Random): void
}

interface Inode {
  readonly path: string
  /** What the file held when the last sync that has ended began. */
  durable: Buffer
  /** What it held when its name went; before that, the real file has it. */
  last?: Buffer
}

/**
 * What lies on the real disk is the cache. Durable are the bytes that a file had when a `datasync` began that has ended, and the names that
 * the folder had when such a `syncDirectory` began. All else may have got to the disk, in any order, or not.
 */
export function volatileDisk(): VolatileDisk {
  const names = new Map<string, Inode>()
  let durableNames: ReadonlyMap<string, Inode> = new Map()

  function opened(inode: Inode, file: OpenFile): OpenFile {
    return {
      ...file,
      async datasync() {
        const held = contentOf(inode)
        // A real sync would change nothing that is looked at here.
        await setImmediate()
        inode.durable = held
      },
    }
  }

  function known(path: string): Inode {
    const inode = names.get(basename(path))
    if (!inode) throw new Error(`${path} was not made here.`)
    return inode
  }

  const files: Files = {
    ...nodeFiles,
    async create(path) {
      const file = await nodeFiles.create(path)
      const inode = { path, durable: Buffer.alloc(0) }
      names.set(basename(path), inode)
      return opened(inode, file)
    },
    open: async (path) => opened(known(path), await nodeFiles.open(path)),
    openForWriting: async (path) => opened(known(path), await nodeFiles.openForWriting(path)),
    async unlink(path) {
      const inode = names.get(basename(path))
      if (inode) inode.last = contentOf(inode)
      names.delete(basename(path))
      await nodeFiles.unlink(path)
    },
    async syncDirectory() {
      const there = new Map(names)
      await setImmediate()
      durableNames = there
    },
  }

  return {
    files,
    image(target, random) {
      mkdirSync(target, { recursive: true })
      for (const name of new Set([...names.keys(), ...durableNames.keys()])) {
        const [durable, cached] = [durableNames.get(name), names.get(name)]
        const inode = durable === cached || random.chance(0.5) ? durable : cached
        if (!inode) continue
        writeFileSync(join(target, name), blend(inode.durable, contentOf(inode), random))
      }
    },
  }
}

function contentOf({ path, last }: Inode): Buffer {
  return last ?? readFileSync(path)
}
