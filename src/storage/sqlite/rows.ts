import { parseDigest, type Digest } from '../../registry/digest.ts'
import { isUploadId, type UploadId } from '../../registry/upload-id.ts'
import type { Row } from './messages.ts'

/** A row, or an object out of the JSON in one. */
export type Fields = Readonly<Record<string, unknown>>

export function text(row: Fields, column: string): string {
  const value = row[column]
  if (typeof value === 'string') return value
  throw unexpected(column, value)
}

export function integer(row: Fields, column: string): number {
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

export function digest(row: Fields, column: string): Digest {
  return parseDigest(text(row, column))
}

export function uploadId(row: Row, column: string): UploadId {
  const value = text(row, column)
  if (isUploadId(value)) return value
  throw unexpected(column, value)
}

/** @param known has all that it can be as its keys */
export function oneOf<Name extends string>(
  row: Fields,
  column: string,
  known: Readonly<Record<Name, unknown>>,
): Name {
  const value = text(row, column)
  if (isKeyOf(known, value)) return value
  throw unexpected(column, value)
}

export function only(rows: readonly Row[] | undefined): Row {
  const [row] = rows ?? []
  if (row) return row
  throw new Error('The journal lacks a row that must be there.')
}

function isKeyOf<Name extends string>(
  known: Readonly<Record<Name, unknown>>,
  value: string,
): value is Name {
  return Object.hasOwn(known, value)
}

function unexpected(column: string, value: unknown): Error {
  return new Error(`The journal holds ${String(value)} as ${column}.`)
}
