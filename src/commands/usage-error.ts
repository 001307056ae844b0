/** The command line cannot be understood: one sentence, no stack, exit status 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UsageError'
  }
}

/** For commands that take none: what is not understood must not be taken for heard. @throws UsageError */
export function refuseArguments([first]: readonly string[]): void {
  if (first !== undefined) throw new UsageError(`Unknown argument ${JSON.stringify(first)}.`)
}
