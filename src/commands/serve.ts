import { readFile } from 'node:fs/promises'
import { env } from 'node:process'
import type { FastifyInstance } from 'fastify'
import { type Config, loadConfig } from '../config/config.ts'
import { settings } from '../config/settings.ts'
import { createLogger } from '../telemetry/logger.ts'
import { type Service, wire } from '../wiring.ts'
import { createProcessEnd } from './process-end.ts'
import { asListenError, asStorageError } from './start-error.ts'
import { refuseArguments } from './usage-error.ts'

/** A service that failed has little to wait for: whatever needs the journal is refused at once. */
const failedDrainMs = 5_000

/** Runs the service until it is told to stop (SIGTERM, SIGINT). */
export async function runServe(args: string[]): Promise<void> {
  refuseArguments(args)
  await serve(loadConfig(env))
}

export interface Served {
  /** Where agents push to, and operators look. */
  readonly url: string
  readonly adminUrl: string
}

/**
 * Resolves when the service listens; the process then runs on until it is told to stop, or the service fails.
 *
 * @param onStopped runs when the service has stopped, before the process exits
 * @throws StartError when it is not the service that is at fault
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
  const processEnd = createProcessEnd(logger, async (hasFailed) => {
    const drainMs = hasFailed ? Math.min(failedDrainMs, config.drainMs) : config.drainMs
    if (service) await drain(service, drainMs)
    await onStopped()
  })
  try {
    const onFatal = processEnd.fail
    const parts = { config, logger, version, openapi, withProcessMetrics: true, onFatal }
    service = await wire(parts).catch((error: unknown) => {
      throw asStorageError(error)
    })
    await service.openControl()
    const addresses = await listen(service, config.http)
    service.startWork()
    logger.info({ ...addresses, upstream: config.upstream.kind, version }, 'listening')
    return addresses
  } catch (error) {
    await service?.close()
    await onStopped()
    throw error
  }
}

async function listen({ app, adminApp }: Service, http: Config['http']): Promise<Served> {
  const url = await bind(app, http.host, http.port, settings.port.name)
  if (!adminApp) return { url, adminUrl: url }
  const adminUrl = await bind(adminApp, http.host, http.adminPort ?? 0, settings.adminPort.name)
  return { url, adminUrl }
}

async function bind(
  app: FastifyInstance,
  host: string,
  port: number,
  portSetting: string,
): Promise<string> {
  try {
    return await app.listen({ host, port, listenTextResolver: (address) => `bound ${address}` })
  } catch (error) {
    throw asListenError(error, portSetting)
  }
}

/** Lets what is under way come to its answer, for `drainMs` at most. */
async function drain(service: Service, drainMs: number): Promise<void> {
  service.drain()
  await service.inFlight.idle(AbortSignal.timeout(drainMs))
  await service.close()
}
