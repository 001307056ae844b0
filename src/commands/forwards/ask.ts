import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { settings } from '../../config/settings.ts'
import { asStorageError, StartError } from '../start-error.ts'
import { UsageError } from '../usage-error.ts'
import { askFolder } from './ask-folder.ts'
import { askService } from './ask-service.ts'
import { ForwardsError } from './forwards-error.ts'
import type { Question } from './question.ts'

export interface Answered<T> {
  readonly answer: T
  /** No service runs: whatever is owed waits for the next start. */
  readonly isOffline: boolean
}

/**
 * Asks the service that holds the folder; when none does, the folder.
 *
 * @throws UsageError when the question makes no sense; ForwardsError
 */
export async function ask<T>(dataDir: string, question: Question): Promise<Answered<T>> {
  await demandJournal(dataDir)
  const reply = await askService(dataDir, question)
  if (!('why' in reply)) return { answer: read(reply), isOffline: false }
  const answer = await askFolder(dataDir, question).catch((error: unknown) => {
    throw asForwardsError(error, dataDir, reply.why)
  })
  return { answer: read(answer), isOffline: true }
}

/** A folder that is not there, or is another one than was meant, must not become one of ours. */
async function demandJournal(dataDir: string): Promise<void> {
  try {
    await stat(join(dataDir, 'journal.sqlite'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ForwardsError(
      `There is no data folder of a service: ${why}. See ${settings.dataDir.name}.`,
      { cause: error },
    )
  }
}

function read({ status, text }: { readonly status: number; readonly text: string }) {
  const answer = JSON.parse(text)
  if (status === 200) return answer
  const detail = typeof answer.detail === 'string' ? answer.detail : `The answer was ${status}.`
  throw status === 400 ? new UsageError(detail) : new ForwardsError(detail)
}

/** @returns a ForwardsError, or `error` itself when neither the folder nor its holder is what is wrong */
function asForwardsError(error: unknown, dataDir: string, why: string): unknown {
  if (!(error instanceof Error) || !(asStorageError(error) instanceof StartError)) return error
  const message = isHeld(error)
    ? `A service holds ${dataDir}, but its control.sock cannot be reached: ${why}. The log of the service may say more.`
    : `No service answers on control.sock in ${dataDir}, and the folder cannot be opened: ${error.message.replace(/\.?$/, '.')}`
  return new ForwardsError(message, { cause: error })
}

/** Storage says so in a plain Error. */
function isHeld({ message }: Error): boolean {
  return message.startsWith('Another process holds ')
}
