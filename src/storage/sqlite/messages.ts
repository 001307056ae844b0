import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'

export interface Statement {
  readonly sql: string
  readonly parameters: Readonly<Record<string, SQLInputValue>>
}

export type Row = Readonly<Record<string, SQLOutputValue>>

/** Statements that take effect together or not at all. */
export type Unit = readonly Statement[]

/** What the main thread asks of the thread that holds the journal. */
export type JournalRequest =
  | { readonly type: 'open'; readonly path: string }
  | { readonly type: 'run'; readonly units: readonly Unit[] }
  | { readonly type: 'close' }

export type JournalReply =
  | { readonly type: 'done'; readonly outcomes: readonly UnitOutcome[] }
  | { readonly type: 'failed'; readonly failure: JournalFailure }

/** The rows of each statement of a unit, or why the unit had no effect. */
export type UnitOutcome =
  | { readonly type: 'rows'; readonly rows: readonly (readonly Row[])[] }
  | { readonly type: 'failed'; readonly failure: JournalFailure }

/** An error as it crosses threads; errors themselves lose their codes on the way. */
export interface JournalFailure {
  readonly message: string
  /** SQLite's extended result code (https://www.sqlite.org/rescode.html). */
  readonly resultCode?: number
}

/** https://www.sqlite.org/rescode.html */
export const busy = 5
export const diskFull = 13

/** The low byte of an extended code is the plain one. */
export function isResult(failure: JournalFailure, plainCode: number): boolean {
  return failure.resultCode !== undefined && (failure.resultCode & 0xff) === plainCode
}
