import type { LayergateError } from '../registry/errors.ts'
import { adviceOf } from './advice.ts'

/** RFC 9457 problem details, as every route under `/v1` answers a failure. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly advice: string
  readonly retryable: boolean
  readonly requestId: string
  readonly expected?: object
  readonly actual?: object
  readonly diagnosis?: object
}

export const problemContentType = 'application/problem+json'

export function toProblem(error: LayergateError, requestId: string): Problem {
  const { code, entry, message, facts } = error
  const { expected, actual, diagnosis } = facts
  return {
    type: `urn:layergate:error:${code}`,
    title: entry.title,
    status: entry.status,
    code,
    detail: message,
    advice: adviceOf(error),
    retryable: entry.retryable,
    requestId,
    ...(expected && { expected }),
    ...(actual && { actual }),
    ...(diagnosis && { diagnosis }),
  }
}
