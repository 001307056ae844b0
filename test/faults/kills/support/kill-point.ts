import type { Tap } from './tapped.ts'

/** Where a process dies: right before or right after the nth call of a method. */
export interface KillPoint {
  readonly method: string
  /** The first is 1. */
  readonly call: number
  readonly when: 'before' | 'after'
}

/** How often each method was called, and how often it was done. */
export interface Calls {
  readonly before: Readonly<Record<string, number>>
  readonly after: Readonly<Record<string, number>>
}

export interface CountingTap extends Tap {
  readonly calls: Calls
  /** All methods that there are, called or not. */
  methods(): readonly string[]
}

/** @param die does not return */
export function countingTap(killPoint: KillPoint | undefined, die: () => never): CountingTap {
  const methods = new Set<string>()
  const before: Record<string, number> = {}
  const after: Record<string, number> = {}

  function count(when: KillPoint['when'], counts: Record<string, number>, method: string): void {
    const call = (counts[method] ?? 0) + 1
    counts[method] = call
    const isLast = method === killPoint?.method && call === killPoint.call
    if (isLast && when === killPoint.when) die()
  }

  return {
    calls: { before, after },
    methods: () => [...methods],
    knows: (method) => void methods.add(method),
    before: (method) => count('before', before, method),
    after: (method) => count('after', after, method),
  }
}

export function nameOf({ method, call, when }: KillPoint): string {
  return `${when} call ${call} of ${method}`
}
