import { join } from 'node:path'
import type { Files } from '../../../../src/storage/disk/files.ts'
import type { Around } from '../../../../src/wiring-parts.ts'
import type { Random } from '../../chaos/support/random.ts'
import { type Tap, tapped } from '../../kills/support/tapped.ts'
import { unsynced } from './blend.ts'
import { type CommitMark, copyJournal, markCommits } from './copied-journal.ts'
import { volatileDisk } from './volatile-disk.ts'

/** A data folder whose power can be cut, while a service works on it, as often as one likes: each cut makes a folder of what is left. */
export interface CutPower {
  readonly files: Files
  readonly around: Around
  cut(target: string): void
}

/** @param onStep is called before and after each call of a port or a file */
export function cutPower(dataDir: string, random: Random, onStep: () => void): CutPower {
  const disk = volatileDisk()
  let mark: CommitMark | undefined

  const tap: Tap = {
    knows() {},
    before: onStep,
    after(method) {
      // What it answers is committed, whoever else's is, too.
      if (/^(?:sessions|forwards|claim)\.|^spool\.seal$/.test(method)) mark = markCommits(dataDir)
      onStep()
    },
  }

  /** What came behind the last commit that anybody knows of may be there, or not, or be anything. */
  function tornTail(tail: Buffer): Buffer {
    const kept = tail.subarray(0, random.integer(0, tail.length))
    return random.chance(0.3) ? tail : unsynced(kept, random)
  }

  return {
    files: tapped('files', disk.files, tap),
    around: (name, port) => tapped(name, port, tap),
    cut(target) {
      copyJournal(dataDir, target, mark, tornTail)
      disk.image(join(target, 'uploads'), random)
    },
  }
}
