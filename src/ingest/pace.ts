/** How fast bodies may be read, so that the spool does not run far ahead of a healthy upstream. */
export interface Pace {
  /**
   * Resolves when `bytes` more may be read from clients.
   *
   * @param signal one for each body, since it also tells whose bytes they are
   * @throws the reason of `signal`
   */
  admit(bytes: number, signal: AbortSignal): Promise<void>
  /** All of the body of `signal` has come: the next one need not wait for it. */
  end(signal: AbortSignal): void
}

/** Lets everything in at once. */
export const noPace: Pace = { admit: () => Promise.resolve(), end: () => undefined }
