import type { Observer } from '../../registry/events.ts'
import type { Policy } from './policy.ts'
import { PolicyError } from './policy-error.ts'
import { type Contents, type Readable, readPolicyFile } from './read-policy-file.ts'

/** The policy that is in force, and the file that it comes from. */
export interface PolicyFile {
  /**
   * For the start: takes what the file says.
   *
   * @throws PolicyError; Error that names the file where it cannot be read
   */
  load(): Promise<void>
  /** @throws Error before `load` */
  current(): Policy
  /** What is wrong with the file as it was read last; none while it is in force. */
  problems(): readonly string[]
  /** Reads it now, and takes what it says. Never throws: what is wrong goes into `problems`, and the policy before stays in force. */
  reload(): Promise<void>
  /** Looks at the file from time to time. */
  start(): void
  /** Resolves when nothing is being read any more. */
  stop(): Promise<void>
}

export interface PolicyFileOptions {
  readonly path: string
  /** @throws PolicyError */
  readonly parse: (text: string) => Policy
  readonly observer: Observer
  /** Between two looks at the file. */
  readonly intervalMs?: number
}

const defaultIntervalMs = 5_000

/** How long a new content must stand still: whoever writes into the file itself may be in the middle of that. */
const settleMs = 500

/**
 * A policy file that may change while the service runs. Its content counts, not its time: a ConfigMap swaps a symlink, a deployment may write
 * the same bytes again.
 */
export function createPolicyFile(options: PolicyFileOptions): PolicyFile {
  const { path, parse, observer, intervalMs = defaultIntervalMs } = options
  let policy: Policy | undefined
  let problems: readonly string[] = []
  /** The state of the file that was taken or refused last, and the one that the last look saw. */
  let settled: string | undefined
  let seen: string | undefined
  let timer: NodeJS.Timeout | undefined
  let isWatching = false
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other, so that whoever reads last has the newest content. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = last.then(task)
    last = turn.catch(() => {})
    return turn
  }

  /** @throws PolicyError */
  function take({ state, digest, text }: Readable): void {
    const next = parse(text)
    policy = next
    problems = []
    settled = state
    const destinations = next.destinations.map(({ name }) => name)
    observer.observe({ type: 'policy_loaded', outcome: 'loaded', digest, problems, destinations })
  }

  function refuse({ state, digest }: Contents, why: readonly string[]): void {
    problems = why
    settled = state
    const known = digest !== undefined && { digest }
    const event = { type: 'policy_loaded', outcome: 'failed', ...known, problems } as const
    observer.observe({ ...event, destinations: [] })
  }

  function settle(contents: Contents): void {
    if (contents.state === settled) return
    if (contents.problem !== undefined) return refuse(contents, [contents.problem])
    try {
      take(contents)
    } catch (error) {
      refuse(contents, error instanceof PolicyError ? error.problems : [messageOf(error)])
    }
  }

  /** @returns when to look again */
  async function look(): Promise<number> {
    const contents = await readPolicyFile(path)
    const isStill = contents.state === settled || contents.state === seen
    seen = contents.state
    if (!isStill) return Math.min(settleMs, intervalMs)
    settle(contents)
    return intervalMs
  }

  function schedule(delayMs: number): void {
    if (!isWatching) return
    clearTimeout(timer)
    const again = () => inTurn(look).then(schedule, () => schedule(intervalMs))
    timer = setTimeout(() => void again(), delayMs).unref()
  }

  return {
    load: () =>
      inTurn(async () => {
        const contents = await readPolicyFile(path)
        if (contents.problem !== undefined) {
          throw new Error(`The policy ${path} cannot be used: ${contents.problem}`)
        }
        take(contents)
      }),

    current() {
      if (!policy) throw new Error('The policy was not loaded yet.')
      return policy
    },

    problems: () => problems,

    reload: () => inTurn(async () => settle(await readPolicyFile(path))),

    start() {
      if (isWatching) return
      isWatching = true
      schedule(intervalMs)
    },

    async stop() {
      isWatching = false
      clearTimeout(timer)
      await last
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
