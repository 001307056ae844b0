import { parseDigest, type Digest } from '../../registry/digest.ts'
import { isUploadId, type UploadId } from '../../registry/upload-id.ts'
import type { Row } from './messages.ts'

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value === 'string') return value
  throw unexpected(column, value)
}

export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number') return value
  throw unexpected(column, value)
}

export function date(row: Row, column: string): Date {
  return new Date(integer(row, column))
}

export function isNull(row: Row, column: string): boolean {
  return row[column] === null
}

export function digest(row: Row, column: string): Digest {
  return parseDigest(text(row, column))
}

export function uploadId(row: Row, column: string): UploadId {
  const value = text(row, column)
  if (isUploadId(value)) return value
  throw unexpected(column, value)
}

export function only(rows: readonly Row[] | undefined): Row {
  const [row] = rows ?? []
  if (row) return row
  throw new Error('The journal lacks a row that must be there.')
}

function unexpected(column: string, value: unknown): Error {
  return new Error(`The journal holds ${String(value)} as ${column}.`)
}
