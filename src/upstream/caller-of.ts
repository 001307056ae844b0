import type { Call } from '../publish/upstream.ts'

/** What is told of a call by whom it is made for. */
export function callerOf({ requestId, flightId }: Call): Pick<Call, 'requestId' | 'flightId'> {
  return {
    ...(requestId !== undefined && { requestId }),
    ...(flightId !== undefined && { flightId }),
  }
}
