import { readFile } from 'node:fs/promises'
import process, { env } from 'node:process'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Config, loadConfig } from '../config/config.ts'
import { settings } from '../config/settings.ts'
import { type AuditFile, openAuditFile } from '../telemetry/audit/audit-file.ts'
import { openTraces } from '../telemetry/traces/open-traces.ts'
import { createLogger } from '../telemetry/logger.ts'
import { logToStandardOutput } from '../telemetry/standard-output.ts'
import { type Service, wire } from '../wiring.ts'
import { createProcessEnd } from './process-end.ts'
import { asKeyPairError, asListenError, asStorageError, StartError } from './start-error.ts'
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
  const standardOutput = logToStandardOutput()
  const logger = createLogger(config.logLevel, standardOutput)
  const root = new URL('../../', import.meta.url)
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))
  const openapi = await readFile(new URL('openapi.yaml', root), 'utf8')

  const auditFile = await openAudit(config, logger)
  const traces = config.traces && (await openTraces(config.traces, version, logger))
  let service: Service | undefined
  const processEnd = createProcessEnd(logger, async (hasFailed) => {
    const drainMs = hasFailed ? Math.min(failedDrainMs, config.drainMs) : config.drainMs
    if (service) await drain(service, drainMs)
    await traces?.close()
    await auditFile?.close()
    await onStopped()
  })
  try {
    const onFatal = processEnd.fail
    const audit = auditFile?.write ?? standardOutput.write
    const watching = { audit, ...(traces && { traces }) }
    const parts = { config, logger, version, openapi, withProcessMetrics: true, onFatal }
    service = await wire({ ...parts, ...watching }).catch((error: unknown) => {
      throw asKeyPairError(asStorageError(error))
    })
    const { reload } = service
    // Where there is nothing to read anew, the end of its terminal ends the service, as it does any process.
    if (config.access.policyFile !== undefined || config.http.tls || auditFile) {
      process.on('SIGHUP', () => {
        void reload()
        void auditFile?.reopen()
      })
    }
    if (config.upstream.kind === 'aws' && config.access.policyFile === undefined) {
      logger.warn(`${settings.insecureNoAuth.name}: nobody is asked who they are`)
    }
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

/** @throws StartError */
async function openAudit(
  { access: { auditFile } }: Config,
  logger: Logger,
): Promise<AuditFile | undefined> {
  if (auditFile === undefined) return undefined
  try {
    const onProblem = (problem: string) => logger.error({ path: auditFile }, problem)
    const file = await openAuditFile(auditFile, onProblem)
    // However the process ends, what was decided is written.
    process.on('exit', file.end)
    return file
  } catch (error) {
    throw error instanceof Error ? new StartError(error, settings.auditFile.name) : error
  }
}

async function listen({ app, adminApp }: Service, http: Config['http']): Promise<Served> {
  // Fastify does not know what its server speaks.
  const speaks = (url: string) => (http.tls ? url.replace(/^http:/, 'https:') : url)
  const url = speaks(await bind(app, http.host, http.port, settings.port.name))
  if (!adminApp) return { url, adminUrl: url }
  const adminUrl = await bind(adminApp, http.host, http.adminPort ?? 0, settings.adminPort.name)
  return { url, adminUrl: speaks(adminUrl) }
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
