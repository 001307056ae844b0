import type { Logger } from 'pino'

/** The orderly end of this process, which happens once. */
export interface ProcessEnd {
  /** The service cannot go on. Ends the process with status 1, within 15 s. */
  fail(): void
}

const failureMs = 15_000

/**
 * The first signal (SIGTERM, SIGINT) ends the process in order, with status 0 unless the service failed, the second at
 * once, with status 1. The first process of a container has no other way to hear them, so this comes before the service.
 *
 * @param stop stops the service, in haste when it failed
 */
export function createProcessEnd(
  logger: Logger,
  stop: (hasFailed: boolean) => Promise<void>,
): ProcessEnd {
  let isEnding = false
  let hasFailed = false

  async function end(): Promise<void> {
    isEnding = true
    try {
      await stop(hasFailed)
      logger.info('stopped')
    } catch (error) {
      hasFailed = true
      logger.fatal({ err: error }, 'could not stop in order')
    }
    await new Promise<void>((written) => logger.flush(() => written()))
    process.exit(hasFailed ? 1 : 0)
  }

  function endNow(fields: object): void {
    logger.warn(fields, 'stopped at once')
    process.exit(1)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isEnding) return endNow({ signal })
      logger.info({ signal }, 'stopping')
      void end()
    })
  }

  return {
    fail() {
      hasFailed = true
      if (isEnding) return
      logger.fatal('the service cannot go on: stopping')
      setTimeout(endNow, failureMs, {})
      void end()
    },
  }
}
