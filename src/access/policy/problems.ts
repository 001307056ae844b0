import { PolicyError } from './policy-error.ts'

/** Where something stands in the file. */
export interface Line {
  /** From 1 on. */
  readonly line: number
}

/** Takes down one thing that is wrong: one sentence that holds no secret. */
export type Report = (where: Line, sentence: string) => void

/** What is wrong with one file, all of it. */
export interface Problems {
  readonly report: Report
  /** @throws PolicyError when there is anything, in the order of the lines */
  throwIfAny(): void
}

/** More help nobody, and they go into a log line. */
const mostTold = 100

export function createProblems(): Problems {
  const found: { readonly line: number; readonly sentence: string }[] = []
  return {
    report: ({ line }, sentence) => void found.push({ line, sentence }),
    throwIfAny() {
      if (found.length === 0) return
      const inOrder = found
        .toSorted((one, other) => one.line - other.line)
        .map(({ line, sentence }) => `line ${line}: ${sentence}`)
      const surplus = inOrder.splice(mostTold).length
      if (surplus > 0) inOrder.push(`And ${surplus} more.`)
      throw new PolicyError(inOrder)
    },
  }
}
