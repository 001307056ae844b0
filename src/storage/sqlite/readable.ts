import type { Row } from './messages.ts'

export interface Readable<Value> {
  readonly read: readonly Value[]
  readonly unreadable: readonly Unreadable[]
}

export interface Unreadable {
  readonly row: Row
  readonly error: unknown
}

/** What rows say, each for itself: one that cannot be read, as it may be of another version, must not hide the others. */
export function readEach<Value>(
  rows: readonly Row[],
  toValue: (row: Row) => Value,
): Readable<Value> {
  const read: Value[] = []
  const unreadable: Unreadable[] = []
  for (const row of rows) {
    try {
      read.push(toValue(row))
    } catch (error) {
      unreadable.push({ row, error })
    }
  }
  return { read, unreadable }
}
