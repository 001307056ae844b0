import { readFile } from 'node:fs/promises'
import { env } from 'node:process'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Config, loadConfig } from '../config/config.ts'
import { createLogger } from '../telemetry/logger.ts'
import { type Service, wire } from '../wiring.ts'

/** Runs the service until it is told to stop (SIGTERM, SIGINT). */
export async function runServe(_args: string[]): Promise<void> {
  await serve(loadConfig(env))
}

export interface Served {
  /** Where agents push to, and operators look. */
  readonly url: string
  readonly adminUrl: string
}

/**
 * Resolves when the service listens; the process then runs on until it is told to stop.
 *
 * @param onStopped runs when the service has stopped, before the process exits
 */
export async function serve(
  config: Config,
  onStopped: () => Promise<void> = async () => {},
): Promise<Served> {
  const logger = createLogger(config.logLevel)
  const root = new URL('../../', import.meta.url)
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))
  const openapi = await readFile(new URL('openapi.yaml', root), 'utf8')

  let service: Service | undefined
  stopOnSignals(logger, async () => {
    if (service) await drain(service, config.drainMs)
    await onStopped()
  })
  service = await wire({ config, logger, version, openapi, withProcessMetrics: true })
  const { host, port, adminPort } = config.http
  const url = await listen(service.app, host, port)
  const adminUrl = service.adminApp ? await listen(service.adminApp, host, adminPort ?? 0) : url
  service.startForwarding()
  logger.info({ url, adminUrl, upstream: config.upstream.kind, version }, 'listening')
  return { url, adminUrl }
}

function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  return app.listen({ host, port, listenTextResolver: (address) => `bound ${address}` })
}

/** Lets what is under way come to its answer, for `drainMs` at most. */
async function drain(service: Service, drainMs: number): Promise<void> {
  service.drain()
  await service.inFlight.idle(AbortSignal.timeout(drainMs))
  await service.close()
}

/**
 * The first signal stops the process in order, the second at once. Also while it starts: the first process of a container has no
 * other way to hear them.
 */
function stopOnSignals(logger: Logger, stop: () => Promise<void>): void {
  let isStopping = false

  async function onSignal(signal: NodeJS.Signals): Promise<void> {
    if (isStopping) {
      logger.warn({ signal }, 'stopped at once')
      process.exit(1)
    }
    isStopping = true
    logger.info({ signal }, 'stopping')
    await stop()
    logger.info('stopped')
    process.exit(0)
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      onSignal(signal).catch((error: unknown) => {
        logger.fatal({ err: error }, 'could not stop in order')
        process.exit(1)
      })
    })
  }
}
