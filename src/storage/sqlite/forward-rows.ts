import type {
  Forward,
  ForwardError,
  ForwardKey,
  ForwardState,
  ForwardTotals,
  StartedUpload,
} from '../../publish/forward-journal.ts'
import { type ErrorCode, errorTable } from '../../registry/error-table.ts'
import { parseRepositoryName } from '../../registry/repository-name.ts'
import type { Row } from './messages.ts'
import { date, digest, integer, isNull, text } from './rows.ts'

const states: readonly ForwardState[] = [
  'held',
  'owed',
  'forwarding',
  'forwarded',
  'parked',
  'parked_for_good',
]

export function toForward(row: Row): Forward {
  const state = toState(text(row, 'state'))
  return {
    key: toKey(row),
    agent: text(row, 'agent'),
    sizeBytes: integer(row, 'size_bytes'),
    state,
    alreadyPresent: integer(row, 'already_present') === 1,
    parts: integer(row, 'parts'),
    attempts: integer(row, 'attempts'),
    ...(!isNull(row, 'error_code') && { error: toError(row) }),
    ...(!isNull(row, 'upload_id') && { upload: toUpload(row) }),
    ...((state === 'owed' || state === 'parked') && { dueAt: date(row, 'due_at') }),
    recordedAt: date(row, 'recorded_at'),
    changedAt: date(row, state === 'forwarding' ? 'claimed_at' : 'changed_at'),
  }
}

/** Of the rows that count what is not `forwarded`, one for each state. */
export function toTotals(rows: readonly Row[]): ForwardTotals {
  const sum = (column: string, ...of: readonly ForwardState[]) =>
    rows
      .filter((row) => of.some((state) => state === text(row, 'state')))
      .reduce((total, row) => total + integer(row, column), 0)
  const recorded = rows
    .filter((row) => ['owed', 'forwarding'].includes(text(row, 'state')))
    .map((row) => integer(row, 'oldest_recorded_at'))
  return {
    waiting: sum('forwards', 'owed'),
    parked: sum('forwards', 'parked'),
    parkedForGood: sum('forwards', 'parked_for_good'),
    held: sum('forwards', 'held'),
    heldBytes: sum('bytes', 'held'),
    backlogBytes: sum('bytes', 'owed', 'forwarding', 'parked'),
    owedBytes: sum('bytes', 'owed', 'forwarding'),
    owedLayers: sum('forwards', 'owed', 'forwarding'),
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

function toUpload(row: Row): StartedUpload {
  return {
    id: text(row, 'upload_id'),
    partSizeBytes: integer(row, 'upload_part_bytes'),
    sentBytes: integer(row, 'upload_sent_bytes'),
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code)
}
