import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventShape, type SandboxEvent } from './events.ts'
import { listOf } from './shapes.ts'
import { apply, emptyState, type State } from './state.ts'

export interface Journal {
  readonly state: State
  /** Writes the events down, all or none, then applies them. */
  readonly record: (...events: readonly SandboxEvent[]) => void
}

/** State that ends with the process, or, in a folder, goes on from where the journal of that name there ends. */
export function openJournal(dataDir: string | undefined, name: string): Journal {
  const state = emptyState()
  if (dataDir === undefined) {
    return {
      state,
      record: (...events) => {
        for (const event of events) apply(state, event)
      },
    }
  }

  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, name)
  for (const event of readEvents(file)) apply(state, event)
  return {
    state,
    record: (...events) => {
      appendFileSync(file, `${JSON.stringify(events)}\n`)
      for (const event of events) apply(state, event)
    },
  }
}

/** One line is one call of `record`; a last line without its end was torn by a crash and is cut off. */
function readEvents(file: string): SandboxEvent[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) writeFileSync(file, whole)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const events: unknown = JSON.parse(line)
      return listOf(eventShape)(events, 'journal')
    })
}
