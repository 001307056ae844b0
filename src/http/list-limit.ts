import type { FastifyRequest } from 'fastify'
import { LayergateError } from '../registry/errors.ts'
import { queryValues } from './query.ts'

const fallback = '100'

/**
 * How many a list may have at most, as the query parameter `limit` says; 100 without one.
 *
 * @throws LayergateError `request_invalid`
 */
export function listLimit(request: FastifyRequest, max: number): number {
  const values = queryValues(request, 'limit')
  const text = values.length === 0 ? fallback : values.join(', ')
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= max) return limit
  const given = JSON.stringify(text.slice(0, 40))
  const detail = `limit must be a whole number from 1 to ${max}, not ${given}.`
  throw new LayergateError('request_invalid', detail)
}
