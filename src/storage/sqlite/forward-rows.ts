import type {
  Forward,
  ForwardError,
  ForwardKey,
  ForwardState,
  ForwardTotals,
} from '../../publish/forward-journal.ts'
import { type ErrorCode, errorTable } from '../../registry/error-table.ts'
import { parseRepositoryName } from '../../registry/repository-name.ts'
import type { Row } from './messages.ts'
import { date, digest, integer, isNull, text } from './rows.ts'

const states: readonly ForwardState[] = ['owed', 'forwarding', 'forwarded', 'parked']

export function toForward(row: Row): Forward {
  return {
    key: toKey(row),
    agent: text(row, 'agent'),
    sizeBytes: integer(row, 'size_bytes'),
    state: toState(text(row, 'state')),
    alreadyPresent: integer(row, 'already_present') === 1,
    parts: integer(row, 'parts'),
    attempts: integer(row, 'attempts'),
    ...(!isNull(row, 'error_code') && { error: toError(row) }),
    recordedAt: date(row, 'recorded_at'),
    changedAt: date(row, 'changed_at'),
  }
}

/** Of the rows that count what is owed, one for each state. */
export function toTotals(rows: readonly Row[]): ForwardTotals {
  const of = (state: ForwardState) => rows.find((row) => text(row, 'state') === state)
  const count = (state: ForwardState) => {
    const row = of(state)
    return row ? integer(row, 'forwards') : 0
  }
  const working = [of('owed'), of('forwarding')].filter((row) => row !== undefined)
  const recorded = working.map((row) => integer(row, 'oldest_recorded_at'))
  return {
    waiting: count('owed'),
    parked: count('parked'),
    backlogBytes: rows.reduce((sum, row) => sum + integer(row, 'bytes'), 0),
    owedBytes: working.reduce((sum, row) => sum + integer(row, 'bytes'), 0),
    ...(recorded.length > 0 && { oldestRecordedAt: new Date(Math.min(...recorded)) }),
  }
}

function toKey(row: Row): ForwardKey {
  return {
    registry: text(row, 'registry'),
    repository: parseRepositoryName(text(row, 'repository')),
    digest: digest(row, 'digest'),
  }
}

function toState(value: string): ForwardState {
  const state = states.find((known) => known === value)
  if (state) return state
  throw new Error(`The journal holds ${value} as the state of a forward.`)
}

function toError(row: Row): ForwardError {
  const code = text(row, 'error_code')
  const detail = text(row, 'error_detail')
  // A code that an earlier version wrote and this one no longer has must not stop the forward.
  return { code: isErrorCode(code) ? code : 'internal', detail }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}
