/** What was asked for could not be done: told without a stack, exit status 1. */
export class ForwardsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ForwardsError'
  }
}
