import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type Conversation, converse, type Request } from './conversation.ts'
import type { FateWeights } from './fates.ts'
import type { Ledger, PushEnd } from './ledger.ts'
import type { Line } from './line.ts'
import type { Random } from './random.ts'

/** One build agent: it pushes one thing at a time. */
export interface Agent {
  readonly random: Random
  readonly ledger: Ledger
  readonly repository: string
  readonly talk: Conversation
  send(method: string, path: string, request?: Request): Promise<Answer>
}

export interface AgentSetup {
  readonly line: Line
  readonly fates: FateWeights
  readonly ledger: Ledger
}

/** How containers' clients and others call themselves; the service has more patience with some. */
const userAgents = ['docker/29.1.0', 'containerd/2.4.2', 'buildkit/v0.26', 'skopeo/1.21', 'curl/8']

export function createAgent(
  { line, fates, ledger }: AgentSetup,
  random: Random,
  repository: string,
): Agent {
  const talk = converse(line, random.fork(), fates)
  const userAgent = random.pick(userAgents)
  return {
    random,
    ledger,
    repository,
    talk,
    async send(method, path, request = {}) {
      const headers = { 'user-agent': userAgent, ...request.headers }
      const answer = await talk.send(method, path, { ...request, headers })
      const what =
        answer.status < 400 ? String(answer.status) : `${answer.status} ${codeOf(answer)}`
      ledger.answers[what] = (ledger.answers[what] ?? 0) + 1
      return answer
    },
  }
}

/** What one try came to; `again` is worth another. */
export type TryEnd = 'acknowledged' | 'refused' | 'again'

const maxTries = 10

/** Tries again as build agents do: after a lost connection, and after an answer that a later one may better. */
export async function persevere(
  { random }: Agent,
  attempt: (tries: number) => Promise<TryEnd>,
): Promise<PushEnd> {
  for (let tries = 1; tries <= maxTries; tries += 1) {
    const end = await attempt(tries).catch(lost)
    if (end !== 'again') return end
    await sleep(random.size(1, 8 * 2 ** tries))
  }
  return 'given up'
}

function lost(error: unknown): 'again' {
  if (error instanceof Error && ('code' in error || error.name === 'TimeoutError')) return 'again'
  throw error
}

/** Whether clients take an answer for passing trouble: their time-out, a busy upload, and any failure of the server. */
export function isPassing({ status }: Answer): boolean {
  return status === 408 || status === 409 || status >= 500
}

export function codeOf({ body }: Answer): string {
  try {
    const problem = JSON.parse(body.toString())
    return String(problem.code ?? problem.errors?.[0]?.detail?.code ?? problem.errors?.[0]?.code)
  } catch {
    return 'none'
  }
}
