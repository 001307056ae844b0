import {
  type Forward,
  type ForwardKey,
  forwardName,
  type ForwardTotals,
  longestRestMs,
  type StartedUpload,
} from '../../../src/publish/forward-journal.ts'

/** One forward in a journal in memory. */
export interface MemoryDebt {
  /** Without `dueAt`. */
  forward: Forward
  dueAtMs: number
  /** Set from its being hurried until it is done or parked; the smaller goes first. */
  turn?: number
  /** What was recorded while it was in flight. */
  recordedAgain?: Forward
}

/** All forwards of a journal in memory, in the order in which they were first recorded. */
export interface MemoryDebts {
  all(): readonly MemoryDebt[]
  /** As the port shows them. */
  forwards(): readonly Forward[]
  find(key: ForwardKey): MemoryDebt | undefined
  put(debt: MemoryDebt): void
  delete(key: ForwardKey): void
}

export function createMemoryDebts(): MemoryDebts {
  const debts = new Map<string, MemoryDebt>()
  return {
    all: () => [...debts.values()],
    forwards: () => [...debts.values()].map(standing),
    find: (key) => debts.get(forwardName(key)),
    put(debt) {
      debts.set(forwardName(debt.forward.key), debt)
    },
    delete(key) {
      debts.delete(forwardName(key))
    },
  }
}

export function isStillOwed({ state }: Forward): boolean {
  return state !== 'forwarded' && state !== 'parked_for_good'
}

/** As the port shows it. */
export function standing({ forward, dueAtMs }: MemoryDebt): Forward {
  return isClaimable(forward) ? { ...forward, dueAt: new Date(dueAtMs) } : forward
}

export function withUpload(forward: Forward, upload: StartedUpload | undefined): Forward {
  const { upload: _, ...rest } = forward
  return upload ? { ...rest, upload } : rest
}

/** The longest recorded first. */
export function byAge(one: Forward, other: Forward): number {
  return one.recordedAt.getTime() - other.recordedAt.getTime()
}

/** What rests for longer than anything may is due at once. */
export function cutRests(debts: readonly MemoryDebt[], nowMs: number): void {
  for (const debt of debts) {
    if (isClaimable(debt.forward) && debt.dueAtMs > nowMs + longestRestMs) debt.dueAtMs = nowMs
  }
}

/** The one to be claimed next, if any is due at `nowMs`; `isFair`: whatever is hurried. */
export function nextDebt(
  debts: readonly MemoryDebt[],
  nowMs: number,
  isFair: boolean,
): MemoryDebt | undefined {
  const due = debts.filter(({ forward, dueAtMs }) => isClaimable(forward) && dueAtMs <= nowMs)
  const [hurried] = due
    .filter(({ forward, turn }) => forward.state === 'owed' && turn !== undefined)
    .toSorted((one, other) => (one.turn ?? 0) - (other.turn ?? 0))
  if (hurried && !isFair) return hurried
  const inFlight = new Map<string, number>()
  for (const { forward } of debts) {
    const { agent, state } = forward
    if (state === 'forwarding') inFlight.set(agent, (inFlight.get(agent) ?? 0) + 1)
  }
  const flights = ({ forward }: MemoryDebt) => inFlight.get(forward.agent) ?? 0
  return due.toSorted(
    (one, other) => flights(one) - flights(other) || one.dueAtMs - other.dueAtMs,
  )[0]
}

/** When the earliest is due that can be claimed. */
export function nextDueMs(debts: readonly MemoryDebt[]): number | undefined {
  const times = debts.filter(({ forward }) => isClaimable(forward)).map(({ dueAtMs }) => dueAtMs)
  return times.length > 0 ? Math.min(...times) : undefined
}

export function totalsOf(forwards: readonly Forward[]): ForwardTotals {
  const waiting = forwards.filter(({ state }) => state === 'owed')
  const parked = forwards.filter(({ state }) => state === 'parked')
  const working = forwards.filter(({ state }) => state === 'owed' || state === 'forwarding')
  const held = forwards.filter(({ state }) => state === 'held')
  const times = working.map(({ recordedAt }) => recordedAt.getTime())
  return {
    waiting: waiting.length,
    parked: parked.length,
    parkedForGood: forwards.filter(({ state }) => state === 'parked_for_good').length,
    held: held.length,
    heldBytes: bytesOf(held),
    backlogBytes: bytesOf(working) + bytesOf(parked),
    owedBytes: bytesOf(working),
    owedLayers: working.length,
    ...(times.length > 0 && { oldestRecordedAt: new Date(Math.min(...times)) }),
  }
}

function isClaimable({ state }: Forward): boolean {
  return state === 'owed' || state === 'parked'
}

function bytesOf(forwards: readonly Forward[]): number {
  return forwards.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)
}
