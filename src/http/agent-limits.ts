import type { Caller } from '../access/access.ts'
import type { Limits } from '../access/policy/policy.ts'
import { type Allowance, createAllowance } from '../fairness/allowance.ts'
import { LayergateError } from '../registry/errors.ts'

/** Holds each agent to what the policy lets it do at once. Whoever has to wait does so unread, first come, first served. */
export interface AgentLimits {
  /**
   * Resolves when the request may go on, to what is to be disposed of at its end.
   *
   * @throws LayergateError `agent_limited` after `queueWaitMs`
   * @throws the reason of `signal`
   */
  enter(
    caller: Pick<Caller, 'agent' | 'limits'>,
    isUpload: boolean,
    signal: AbortSignal,
  ): Promise<Disposable>
  /** Agents of which anything is known at present: none whose policy has no limits. */
  readonly agents: number
}

export interface AgentLimitsSettings {
  readonly queueWaitMs: number
  /** In milliseconds, of a clock that never goes back. */
  readonly now: () => number
  /** Beyond so many agents, what the oldest did within the last second is forgotten. */
  readonly maxAgents?: number
}

interface Waiter {
  readonly isUpload: boolean
  enter(): void
}

interface Agent {
  readonly allowance: Allowance<Waiter>
  limits: Limits
  timer?: NodeJS.Timeout | undefined
}

const retryAfterSeconds = 10
const nothing: Disposable = { [Symbol.dispose]() {} }

export function createAgentLimits(settings: AgentLimitsSettings): AgentLimits {
  const { queueWaitMs, now, maxAgents = 10_000 } = settings
  /** Those that asked last come last, but for some that were looked at since. */
  const agents = new Map<string, Agent>()

  function begin(name: string): Agent {
    if (agents.size >= maxAgents) forgetOne()
    const agent = { allowance: createAllowance<Waiter>(), limits: {} }
    agents.set(name, agent)
    return agent
  }

  function forgetOne(): void {
    for (const [name, { allowance }] of agents) {
      if (allowance.isQuiet) return void agents.delete(name)
    }
  }

  /** Two at each request, so that all have their turn, and none costs much. */
  function forgetIdle(nowMs: number): void {
    let looks = 2
    for (const [name, agent] of agents) {
      agents.delete(name)
      if (!agent.allowance.isIdle(nowMs)) agents.set(name, agent)
      looks -= 1
      if (looks === 0) return
    }
  }

  /** Lets go on whoever may, and comes back when time lets the next. */
  function goOn(agent: Agent): void {
    const { allowance } = agent
    for (let next = allowance.next(now()); next; next = allowance.next(now())) next.enter()
    clearTimeout(agent.timer)
    const waitMs = allowance.waitMs(now())
    // Those who are here now will not wait any longer, and those who come look at this anew.
    agent.timer =
      waitMs <= queueWaitMs ? setTimeout(() => goOn(agent), Math.ceil(waitMs)) : undefined
  }

  async function wait(
    name: string,
    agent: Agent,
    isUpload: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { allowance } = agent
    let hasEntered = false
    const waiter: Waiter = {
      isUpload,
      enter() {
        hasEntered = true
      },
    }
    allowance.add(waiter)
    goOn(agent)
    if (hasEntered) return
    await new Promise<void>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
      }
      const giveUp = (why: (waitedFor: 'turn' | 'place') => unknown) => {
        settle()
        const waitedFor = allowance.remove(waiter) ?? 'turn'
        goOn(agent)
        reject(why(waitedFor))
      }
      const leave = () => giveUp(() => signal.reason)
      const timer = setTimeout(
        () => giveUp((waitedFor) => limited(name, agent.limits, waitedFor, queueWaitMs)),
        queueWaitMs,
      )
      waiter.enter = () => {
        settle()
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  return {
    get agents() {
      return agents.size
    },

    async enter({ agent: name, limits }, isUpload, signal) {
      signal.throwIfAborted()
      forgetIdle(now())
      const agent = agents.get(name) ?? (isLimited(limits) ? begin(name) : undefined)
      if (!agent) return nothing
      agent.limits = limits
      agent.allowance.limit(limits, now())
      await wait(name, agent, isUpload, signal)
      if (!isUpload) return nothing
      let hasEnded = false
      return {
        [Symbol.dispose]() {
          if (hasEnded) return
          hasEnded = true
          agent.allowance.uploadEnded()
          goOn(agent)
        },
      }
    },
  }
}

function isLimited({ uploads, requestsPerSecond }: Limits): boolean {
  return uploads !== undefined || requestsPerSecond !== undefined
}

function limited(
  name: string,
  { uploads, requestsPerSecond }: Limits,
  waitedFor: 'turn' | 'place',
  waitedMs: number,
): LayergateError {
  const most =
    waitedFor === 'place'
      ? `${uploads} uploads at once`
      : `${requestsPerSecond} requests each second`
  const detail = `${name} may send ${most}; it was not the turn of this one within ${Math.round(waitedMs / 1000)} s.`
  return new LayergateError('agent_limited', detail, { retryAfterSeconds })
}
