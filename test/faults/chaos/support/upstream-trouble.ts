import type { Fault, FaultRule, Sandbox } from '../../../../src/sandbox/sandbox.ts'
import type { Random, Weighted } from './random.ts'

/** What goes wrong between the service and the sandbox. */
export interface UpstreamTrouble {
  /** Before an errand: perhaps something for the calls to come. */
  stir(random: Random): void
  clear(): void
  /** How often each kind of fault was met, and calls were throttled by the quotas. */
  counts(): Readonly<Record<string, number>>
}

/** Of the JSON API, and of the registry that is read. */
const operations = [
  'BatchCheckLayerAvailability',
  'InitiateLayerUpload',
  'UploadLayerPart',
  'UploadLayerPart',
  'CompleteLayerUpload',
  'CompleteLayerUpload',
  'PutImage',
  'PutImage',
  'HeadManifest',
  'HeadBlob',
  'GetToken',
]

/** With the status that they come with, where it is not the usual one. */
const exceptions: Readonly<Record<string, number | undefined>> = {
  ServerException: undefined,
  ThrottleException: undefined,
  TooManyRequestsException: 429,
  RequestTimeoutException: 408,
  ExpiredTokenException: undefined,
}
/** Those that only make sense as the answer to one operation. */
const special: Readonly<Record<string, readonly string[]>> = {
  UploadLayerPart: ['UploadNotFoundException', 'InvalidLayerPartException'],
  CompleteLayerUpload: ['UploadNotFoundException', 'InvalidLayerException'],
}

const kinds: readonly Weighted<Fault['kind']>[] = [
  ['exception', 6],
  ['reset-mid-body', 3],
  ['reset-before-storing', 3],
  ['reset-after-storing', 4],
  ['stall', 1],
  ['delay', 3],
  ['html-503', 2],
  ['empty-200', 2],
  ['truncated-answer', 2],
  ['flip-byte', 1],
  ['wrong-layer-digest', 1],
  ['expired-credentials', 2],
  ['clock-skew', 1],
]

function drawFault(random: Random, operation: string): Fault {
  const kind = random.weighted(kinds)
  if (kind === 'exception') {
    const name = random.pick([...Object.keys(exceptions), ...(special[operation] ?? [])])
    const status = exceptions[name]
    return { kind, name, ...(status !== undefined && { status }) }
  }
  if (kind === 'reset-mid-body') return { kind, afterBytes: random.size(1, 50_000) }
  if (kind === 'delay') return { kind, delayMs: random.integer(1, 300) }
  if (kind === 'clock-skew') return { kind, aheadMs: random.integer(600_000, 7_200_000) }
  return { kind }
}

/** For one operation. While calls are rare, faults that wait for them must not pile up to an outage of hours. */
const mostPending = 3

/** @param probability of a fault with each errand */
export function troubleUpstream(sandbox: Sandbox, probability: number): UpstreamTrouble {
  const added: FaultRule[] = []

  function add(...rules: readonly FaultRule[]): void {
    added.push(...rules)
    sandbox.addFaults(rules)
  }

  /**
   * For a while nothing gets through, whatever is called. The service soon makes one call at a time then, and waits ever longer before
   * the next, so that a few calls are many seconds.
   */
  function breakDown(random: Random): void {
    const kind = random.pick(['html-503', 'reset-before-storing', 'exception'] as const)
    const name = 'ServerException'
    const fault: Fault = kind === 'exception' ? { kind, name } : { kind }
    const calls = random.integer(5, 7)
    add(
      ...Array.from({ length: calls }, (_, index) => ({ operation: '*', call: index + 1, fault })),
    )
  }

  /** Not below what the service comes down to by itself, or the throttling would have no end while agents wait for it. */
  function throttle(random: Random): void {
    const rates = ['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload', 'PutImage']
    const quota = { ratePerSecond: random.integer(60, 120), burst: 1 }
    sandbox.setSwitches({ quotas: { [random.pick(rates)]: quota } })
  }

  return {
    stir(random) {
      const pending = Map.groupBy(sandbox.faults(), (rule) => rule.operation)
      const operation = random.pick(operations)
      const isCalm = (pending.get(operation)?.length ?? 0) < mostPending && !pending.has('*')
      if (isCalm && random.chance(probability)) {
        add({ operation, call: random.integer(1, 4), fault: drawFault(random, operation) })
      }
      if (isCalm && random.chance(probability / 40)) breakDown(random)
      if (random.chance(probability / 12)) throttle(random)
      else if (random.chance(0.2)) sandbox.setSwitches({ quotas: 'off' })
    },

    clear() {
      const left = sandbox.faults()
      for (const { operation, call, fault } of left) {
        const index = added.findIndex(
          (rule) => rule.operation === operation && rule.call === call && rule.fault === fault,
        )
        added.splice(index, 1)
      }
      sandbox.clearFaults()
      sandbox.setSwitches({ quotas: 'off' })
    },

    counts() {
      const counts: Record<string, number> = {}
      for (const { fault } of added) counts[fault.kind] = (counts[fault.kind] ?? 0) + 1
      const throttled = sandbox
        .calls()
        .filter(({ exception }) => exception === 'ThrottlingException')
      return { ...counts, quota: throttled.length }
    },
  }
}
