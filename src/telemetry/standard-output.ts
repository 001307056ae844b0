import { write, writeSync } from 'node:fs'
import process from 'node:process'
import { createLogDestination, type LogDestination } from './log-destination.ts'

/** The log of the process on its standard output, complete when the process exits, by a crash too. */
export function logToStandardOutput(): LogDestination {
  // Looking at a stream is what makes Node stop a pipe from blocking. A reader that stands still would hold a thread of
  // the pool, and with it the exit of the process.
  const { fd } = process.stdout
  const { fd: errorFd } = process.stderr

  const destination = createLogDestination({
    sink: {
      write: (bytes, done) => write(fd, bytes, done),
      writeSync: (bytes) => writeSync(fd, bytes),
    },
    // When this fails too, nobody is left to be told.
    tell: (sentence) => write(errorFd, `layergate: ${sentence}\n`, () => {}),
    nowMs: () => performance.now(),
  })
  process.on('exit', destination.end)
  return destination
}
