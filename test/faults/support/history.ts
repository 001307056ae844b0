import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventShape, type SandboxEvent } from '../../../src/sandbox/events.ts'
import { listOf } from '../../../src/sandbox/shapes.ts'

/** All that ever changed in a sandbox, in the order in which it took effect. */
export type History = readonly SandboxEvent[]

/** @param dataDir of the sandbox, which must have had one from its start */
export async function readHistory(dataDir: string): Promise<History> {
  const text = await readFile(join(dataDir, 'journal.jsonl'), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => {
    const events: unknown = JSON.parse(line)
    return listOf(eventShape)(events, 'journal')
  })
}

export type EventOf<K extends SandboxEvent['event']> = Extract<SandboxEvent, { event: K }>

export function eventsOf<K extends SandboxEvent['event']>(
  history: History,
  kind: K,
): readonly EventOf<K>[] {
  return history.filter((event): event is EventOf<K> => event.event === kind)
}
