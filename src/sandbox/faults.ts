/**
 * What goes wrong with a call. "Before" and "after" are meant against the operation's effect. A read of the registry endpoint has
 * no part, so `flip-byte` and `wrong-layer-digest` damage its answer instead, and no body, so `reset-mid-body` passes it by.
 */
export type Fault =
  /** Before: this error answer. The status is 500 for ServerException and 400 otherwise unless given. */
  | {
      readonly kind: 'exception'
      readonly name: string
      readonly status?: number
      readonly message?: string
      readonly members?: Readonly<Record<string, unknown>>
    }
  /** The connection is reset when `afterBytes` of the request body have come. */
  | { readonly kind: 'reset-mid-body'; readonly afterBytes: number }
  /** Before: the whole body is read, then the connection is reset. */
  | { readonly kind: 'reset-before-storing' }
  /** After: carried out, and the answer is lost. */
  | { readonly kind: 'reset-after-storing' }
  /** Before: accepted and never answered; ends when the client goes or the sandbox closes. */
  | { readonly kind: 'stall' }
  /** Before: the call waits so long, then goes its normal way. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Before: a load balancer's page instead of the API's answer. */
  | { readonly kind: 'html-503' }
  /** After: the answer without its body. */
  | { readonly kind: 'empty-200' }
  /** After: the answer with the first half of its body. */
  | { readonly kind: 'truncated-answer' }
  /** One bit of the part's byte at `offset` (default 0) is stored wrong. */
  | { readonly kind: 'flip-byte'; readonly offset?: number }
  /** After: `layerDigest` in the answer is another layer's. */
  | { readonly kind: 'wrong-layer-digest'; readonly digest?: string }
  /** ExpiredTokenException for all credentials, or those of one access key. */
  | { readonly kind: 'expired-credentials'; readonly accessKeyId?: string }
  /** The sandbox's clock, its Date header included, is ahead so far: a client that adjusts itself gets through. */
  | { readonly kind: 'clock-skew'; readonly aheadMs: number }

export type FaultKind = Fault['kind']
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>

/** Which calls, counted per operation (or over all, for `*`) from when the fault is set; the first is 1. */
export type FaultedCalls = number | 'every' | { readonly from: number; readonly to: number }

export interface FaultRule {
  readonly operation: string
  readonly call: FaultedCalls
  readonly fault: Fault
}

/** The faults of one call. */
export interface CallFaults {
  all<K extends FaultKind>(kind: K): readonly FaultOf<K>[]
  /** The first of its kind. */
  of<K extends FaultKind>(kind: K): FaultOf<K> | undefined
}

export interface Faults {
  readonly add: (...rules: readonly FaultRule[]) => void
  /** The rules that still have calls to come, with the calls that each has counted. */
  readonly list: () => readonly (FaultRule & { readonly counted: number })[]
  readonly clear: () => void
  /** Counts a call and takes the faults that are due for it, in the order in which they were set. */
  readonly take: (operation: string) => CallFaults
}

export function createFaults(): Faults {
  let entries: { rule: FaultRule; counted: number }[] = []

  return {
    add: (...rules) => {
      entries.push(...rules.map((rule) => ({ rule, counted: 0 })))
    },
    list: () => entries.map(({ rule, counted }) => ({ ...rule, counted })),
    clear: () => {
      entries = []
    },
    take(operation) {
      const counting = entries.filter(
        ({ rule }) => rule.operation === '*' || rule.operation === operation,
      )
      for (const entry of counting) entry.counted += 1
      const due = counting.filter(({ rule, counted }) => isDue(rule.call, counted))
      entries = entries.filter(({ rule, counted }) => counted < lastCall(rule.call))
      const faults = due.map(({ rule }) => rule.fault)
      const all = <K extends FaultKind>(kind: K) =>
        faults.filter((fault): fault is FaultOf<K> => fault.kind === kind)
      return { all, of: (kind) => all(kind)[0] }
    },
  }
}

function isDue(call: FaultedCalls, counted: number): boolean {
  if (call === 'every') return true
  return typeof call === 'number' ? counted === call : counted >= call.from && counted <= call.to
}

function lastCall(call: FaultedCalls): number {
  if (call === 'every') return Infinity
  return typeof call === 'number' ? call : call.to
}
