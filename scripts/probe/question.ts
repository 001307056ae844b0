import type { Switches } from '../../src/sandbox/switches.ts'
import type { ThrowawayRepository } from './throwaway-repository.ts'

/** Something that ECR Public does not document. */
export interface Question {
  readonly topic: string
  /** How often it calls each operation at most. */
  readonly calls: Readonly<Record<string, number>>
  /** What else the person whose account it is should know. */
  readonly effect: string
  ask(repository: ThrowawayRepository): Promise<Answer>
}

export interface Answer {
  readonly findings: readonly string[]
  /** The switches that make the sandbox behave like what was found. */
  readonly switches?: Partial<Switches>
}
