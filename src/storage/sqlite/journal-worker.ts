import { parentPort } from 'node:worker_threads'
import { openJournalFile, toFailure, type JournalFile } from './journal-file.ts'
import {
  diskFull,
  isResult,
  type JournalReply,
  type JournalRequest,
  type UnitOutcome,
} from './messages.ts'

const port = parentPort
if (!port) throw new Error('This file is the entry of a worker thread.')

let journal: JournalFile | undefined

port.on('message', (request: JournalRequest) => {
  port.postMessage(reply(request))
  if (request.type === 'close') port.close()
})

/**
 * A transaction that fails as a whole, on anything but a full disk, ends this thread: after a failed fsync
 * only what a fresh start reads from the disk can be believed
 * (https://wiki.postgresql.org/wiki/Fsync_Errors).
 */
function reply(request: JournalRequest): JournalReply {
  try {
    return { type: 'done', outcomes: perform(request) }
  } catch (error) {
    const failure = toFailure(error)
    if (request.type === 'run' && !isResult(failure, diskFull)) throw error
    return { type: 'failed', failure }
  }
}

function perform(request: JournalRequest): readonly UnitOutcome[] {
  if (request.type === 'open') journal = openJournalFile(request.path)
  if (request.type === 'close') journal?.close()
  if (request.type !== 'run') return []
  if (!journal) throw new Error('The journal is not open.')
  return journal.run(request.units)
}
