import type { Evidence } from '../../registry/diagnosis.ts'
import type { Fields } from './rows.ts'

/** @throws Error when it is no JSON, or that of no object */
export function parseFields(json: string): Fields {
  return toFields(JSON.parse(json))
}

/** @throws Error when it is no object */
export function toFields(value: unknown): Fields {
  if (isFields(value)) return value
  throw new Error('The journal holds JSON that is no object where one must be.')
}

/** @throws Error when anything but strings and numbers is in it */
export function toEvidence(value: unknown): Evidence {
  if (isEvidence(value)) return value
  throw new Error('The journal holds as evidence what is none.')
}

function isEvidence(value: unknown): value is Evidence {
  return (
    isFields(value) &&
    Object.values(value).every((each) => typeof each === 'string' || typeof each === 'number')
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
