import { mkdtempSync, rmSync } from 'node:fs'
import type { Server, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Files, nodeFiles, type OpenFile } from '../../../../src/storage/disk/files.ts'
import type { Around } from '../../../../src/wiring-parts.ts'
import { type JournalRows, readJournal } from '../../support/journal-rows.ts'
import { copyJournal } from './copied-journal.ts'

/** One step towards an answer, and what the journal had committed by then. */
export interface Step {
  readonly what: 'create' | 'write' | 'sync' | 'sync names' | 'answer'
  /** A step is there when it begins, and once more when it has ended. */
  readonly hasEnded: boolean
  /** The file; of an answer, method and path of its request. */
  readonly of: string
  readonly status?: number
  readonly committed: JournalRows
}

export interface Recording {
  readonly steps: readonly Step[]
  readonly files: Files
  /** Keeps each change of the journal waiting, so that whoever does not wait for it is seen to be early. */
  readonly around: Around
  /** Records the answers of a server, each when its status line is written. */
  listen(server: Server): void
}

const nothing: JournalRows = { layers: [], openUploads: [], forwards: [] }

/**
 * Records what is done for durability, in its order. `node:sqlite` does its own I/O, which passes no port of ours: at each step the
 * journal is copied as it lies there, and read like a new process would.
 */
export function recordOrder(dataDir: string): Recording {
  const steps: Step[] = []

  function note(what: Step['what'], hasEnded: boolean, of: string, status?: number): void {
    const committed = committedIn(dataDir)
    steps.push({ what, hasEnded, of, committed, ...(status !== undefined && { status }) })
  }

  async function during<T>(what: Step['what'], of: string, task: () => Promise<T>): Promise<T> {
    note(what, false, of)
    const result = await task()
    note(what, true, of)
    return result
  }

  function recorded(path: string, file: OpenFile): OpenFile {
    const name = basename(path)
    return {
      ...file,
      writev: (chunks, position) => during('write', name, () => file.writev(chunks, position)),
      truncate: (sizeBytes) => during('write', name, () => file.truncate(sizeBytes)),
      datasync: () => during('sync', name, file.datasync),
    }
  }

  const files: Files = {
    ...nodeFiles,
    create: (path) =>
      during('create', basename(path), async () => recorded(path, await nodeFiles.create(path))),
    open: async (path) => recorded(path, await nodeFiles.open(path)),
    openForWriting: async (path) => recorded(path, await nodeFiles.openForWriting(path)),
    syncDirectory: (path) =>
      during('sync names', basename(path), () => nodeFiles.syncDirectory(path)),
  }

  return {
    steps,
    files,
    around: (name, port) => (name === 'sessions' || name === 'forwards' ? held(port) : port),
    listen(server) {
      server.prependListener('request', ({ method, url }, response: ServerResponse) => {
        const { writeHead } = response
        Object.assign(response, {
          writeHead(status: number, ...rest: readonly unknown[]): unknown {
            note('answer', true, `${method} ${url}`, status)
            return Reflect.apply(writeHead, response, [status, ...rest])
          },
        })
      })
    },
  }
}

/** Turns of the event loop, in which an answer could be written that waits for nothing. */
const heldTurns = 20
const changes: ReadonlySet<string | symbol> = new Set(['create', 'advance', 'finish', 'record'])

function held<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key)
      if (typeof method !== 'function' || !changes.has(key)) return method
      return async (...args: readonly unknown[]): Promise<unknown> => {
        for (let turn = 0; turn < heldTurns; turn += 1) await setImmediate()
        return Reflect.apply(method, target, args)
      }
    },
  })
}

function committedIn(dataDir: string): JournalRows {
  const copy = mkdtempSync(join(tmpdir(), 'layergate-copy-'))
  try {
    copyJournal(dataDir, copy, undefined)
    return readJournal(join(copy, 'journal.sqlite'))
  } catch {
    // There is none yet, or none with tables.
    return nothing
  } finally {
    rmSync(copy, { recursive: true })
  }
}
