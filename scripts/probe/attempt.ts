import { ECRPUBLICServiceException } from '@aws-sdk/client-ecr-public'
import { setTimeout as delay } from 'node:timers/promises'

/** How a call ended: the API's answer, or the exception that it named. */
export type Outcome<Output> =
  | { readonly output: Output; readonly exception?: never }
  | { readonly output?: never; readonly exception: ECRPUBLICServiceException }

/** Makes one call. Throws what is no answer of the API, such as a lost connection. */
export async function attempt<Output>(call: () => Promise<Output>): Promise<Outcome<Output>> {
  try {
    return { output: await call() }
  } catch (error) {
    if (error instanceof ECRPUBLICServiceException) return { exception: error }
    throw error
  }
}

const throttleRetries = 5

/** Makes a call, again after a growing pause while it is throttled. */
export async function attemptPatiently<Output>(
  call: () => Promise<Output>,
): Promise<Outcome<Output>> {
  for (let retry = 0; ; retry += 1) {
    const outcome = await attempt(call)
    if (!isThrottled(outcome) || retry === throttleRetries) return outcome
    await delay(500 * 2 ** retry)
  }
}

// AWS names throttling in several ways: "Common errors", Amazon ECR user guide.
export function isThrottled({ exception }: Outcome<unknown>): boolean {
  if (exception === undefined) return false
  return (
    exception.$metadata.httpStatusCode === 429 || /thrott|TooManyRequests/i.test(exception.name)
  )
}

export function outcomeName({ exception }: Outcome<unknown>): string {
  return exception === undefined ? 'success' : exception.name
}

/** The answer of a call that had to succeed. Throws, naming the call, when it did not. */
export function succeeded<Output>(operation: string, { output, exception }: Outcome<Output>) {
  if (exception === undefined) return output
  throw new Error(`${operation} was refused: ${exception.name}: ${exception.message}`, {
    cause: exception,
  })
}
