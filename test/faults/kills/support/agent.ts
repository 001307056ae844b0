import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'
import { credentials } from './policy.ts'

/** A build agent that pushes to one repository, and knows nothing of the processes behind the address. */
export interface Agent {
  readonly ledger: Ledger
  readonly repository: string
  /** Where the service is at this moment. */
  url(): Promise<string>
  /** How long it waits for an answer before it leaves; for good when absent. */
  readonly patienceMs?: number
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | FormData
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const pauseMs = 15
/** More than any trouble lasts here, by far. */
const tries = 500

/**
 * One request, as often as it takes to get an answer that is not about passing trouble. In doubt whether a request was carried out, a
 * client asks it again; one that must not do so gives `onDoubt`, which says what to do instead by throwing, or by returning to go on.
 */
export async function ask(
  agent: Agent,
  method: string,
  path: string,
  sent: () => Sent = () => ({}),
  onDoubt: () => Promise<void> = async () => {},
): Promise<Answer> {
  for (let left = tries; left > 0; left -= 1) {
    const answer = await askOnce(agent, method, path, sent())
    if (answer && !isPassing(answer)) return answer
    await sleep(pauseMs)
    await onDoubt()
  }
  throw new Error(`${method} ${path}: no good answer came in ${tries} tries.`)
}

/** One try. `undefined` when no answer came; one whose status line came is one. */
export async function askOnce(
  { url, patienceMs }: Agent,
  method: string,
  path: string,
  { headers = {}, body }: Sent = {},
): Promise<Answer | undefined> {
  const there = await url()
  try {
    const answer = await fetch(new URL(path, there), {
      method,
      headers: { ...credentials, ...headers },
      redirect: 'manual',
      ...(body && { body, duplex: 'half' as const }),
      ...(patienceMs !== undefined && { signal: AbortSignal.timeout(patienceMs) }),
    })
    const text = await answer.text().catch(() => '')
    return { status: answer.status, headers: answer.headers, text }
  } catch {
    return undefined
  }
}

/** What a client repeats: trouble of the service or of AWS, a request that came too slowly, an upload that is busy. */
function isPassing({ status }: Answer): boolean {
  return status >= 500 || status === 408 || status === 409 || status === 429
}

/** Notes an answer that nobody should get. */
export function surprise({ ledger }: Agent, what: string, { status, text }: Answer): void {
  ledger.surprises.push(`${what}: ${status} ${text}`)
}
