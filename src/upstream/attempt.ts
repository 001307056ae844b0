import type {
  $Command,
  ECRPUBLICClient,
  ECRPUBLICClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-ecr-public'
import type { Call } from '../publish/upstream.ts'
import type { Observer } from '../registry/events.ts'
import { type Turns, unlimited } from './limiter/turns.ts'
import { type CallFacts, createObservedCall } from './observed-call.ts'

export interface EcrRequest<Input extends ServiceInputTypes, Output extends ServiceOutputTypes, T>
  extends CallFacts {
  readonly command: $Command<
    Input,
    Output,
    ECRPUBLICClientResolvedConfig,
    ServiceInputTypes,
    ServiceOutputTypes
  >
  /**
   * Takes from the answer what we need.
   *
   * @throws UpstreamError when the answer is not what was asked for
   */
  readonly read: (answer: Output) => T
}

/** One request to AWS and its answer, never repeated. */
export interface Attempt {
  /**
   * @throws UpstreamError
   * @throws the reason of `call.signal`
   */
  <Input extends ServiceInputTypes, Output extends ServiceOutputTypes, T>(
    call: Call,
    request: EcrRequest<Input, Output, T>,
  ): Promise<T>
}

/** The only place where the SDK is asked to send anything. */
export function createAttempt(
  client: ECRPUBLICClient,
  observer: Observer,
  now: () => number,
  turns: Turns = unlimited,
): Attempt {
  const observed = createObservedCall(observer, now, turns)
  return (call, { command, read, ...facts }) =>
    observed(call, facts, async (signal) => {
      const answer = await client.send(command, { abortSignal: signal })
      return { result: read(answer), requestId: answer.$metadata.requestId }
    })
}
