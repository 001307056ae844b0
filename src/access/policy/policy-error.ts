/** Everything that is wrong with a policy file, one sentence each, each with its line. Nothing in it is a secret. */
export class PolicyError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The policy has ${problems.length} problem(s):\n  ${problems.join('\n  ')}`)
    this.name = 'PolicyError'
    this.problems = problems
  }
}
