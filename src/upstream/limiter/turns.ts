import type { UpstreamError } from '../../publish/upstream-error.ts'
import type { Call } from '../../publish/upstream.ts'

/** Leave to make calls, one at a time. */
export interface Turns {
  /**
   * Waits until the call may go out, now.
   *
   * @throws UpstreamError that says that the call was not sent, when the account is paused for longer than one waits here
   * @throws the reason of `call.signal`
   */
  take(operation: string, call: Call): Promise<Turn>
}

/** One call that has gone out. */
export interface Turn {
  /** Called once, when it is over. What was broken off from our side says nothing of AWS. */
  end(result: 'answered' | 'broken_off' | UpstreamError): void
}

/** Nobody waits, for tests and tools that make a few calls. */
export const unlimited: Turns = { take: async () => ({ end: () => undefined }) }
