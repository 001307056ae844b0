import { once } from 'node:events'
import { createServer } from 'node:http'
import { createApi } from './api.ts'
import { createCallRunner } from './call.ts'
import { createCallLog } from './call-log.ts'
import { createControlRoutes } from './control-routes.ts'
import { type Controls, createControls } from './controls.ts'
import { type SandboxCredentials, sandboxCredentials } from './credentials.ts'
import { diskBytes } from './disk-bytes.ts'
import { createFaults } from './faults.ts'
import { createImageDeletion } from './image-deletion.ts'
import { createImageQueries } from './image-queries.ts'
import { createImages } from './images.ts'
import { openJournal } from './journal.ts'
import { createLayers } from './layers.ts'
import { memoryBytes } from './memory-bytes.ts'
import { createRegistryEndpoint } from './oci/registry-endpoint.ts'
import { createTokens } from './oci/tokens.ts'
import { createOpenUploads } from './open-uploads.ts'
import { createOperations } from './operations.ts'
import { createThrottle } from './quotas.ts'
import { createRegistry } from './registry.ts'
import { createRepositories } from './repositories.ts'
import { createRoutes } from './routes.ts'
import { createSwitchBoard, type Switches } from './switches.ts'
import { createUploads } from './uploads.ts'

export { type SandboxCredentials, sandboxCredentials } from './credentials.ts'
export type { CallRecord } from './call-log.ts'
export type { Fault, FaultRule } from './faults.ts'
export type { Switches } from './switches.ts'

export interface SandboxOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 0: a free one. */
  readonly port?: number
  /** State and layers go into this folder and are found there again; without it they end with the process. */
  readonly dataDir?: string
  /** Repositories that exist from the start. */
  readonly repositories?: readonly string[]
  readonly switches?: Partial<Switches>
  /** One or several, to try their rotation. */
  readonly credentials?: SandboxCredentials | readonly SandboxCredentials[]
  /** Default 123456789012. */
  readonly accountId?: string
  /** Default `sandbox`. */
  readonly alias?: string
  /** The clock behind signatures, tokens, quotas and the age of uploads and layers. */
  readonly nowMs?: () => number
}

export interface Sandbox extends Controls {
  /** The origin of the JSON API and of the registry endpoint: images are at `<host>/<alias>/<repository>`. */
  readonly url: string
  readonly port: number
  /** Breaks what is under way and resolves when nothing is left at work. */
  close(): Promise<void>
}

/** Starts a strict stand-in for Amazon ECR Public: its JSON API, and the reading half of its registry endpoint. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, dataDir, nowMs = Date.now } = options
  const { accountId = '123456789012', alias = 'sandbox' } = options
  const credentials = [options.credentials ?? sandboxCredentials].flat()

  const switches = createSwitchBoard(options.switches ?? {})
  const journal = openJournal(dataDir)
  const bytes = dataDir === undefined ? memoryBytes() : diskBytes(dataDir)
  const calls = createCallLog()
  const faults = createFaults()
  const closing = new AbortController()
  const runCall = createCallRunner({ calls, faults, nowMs, closing: closing.signal })
  const throttle = createThrottle(nowMs)
  const tokens = createTokens(switches)

  const registry = createRegistry(accountId, alias)
  const repositories = createRepositories(journal, registry, switches, nowMs)
  const operations = createOperations({
    registry,
    repositories,
    layers: createLayers(repositories, switches),
    uploads: createUploads({
      state: journal.state,
      openUploads: createOpenUploads(journal, bytes, switches, nowMs),
      registry,
      repositories,
      switches,
    }),
    images: createImages(journal, registry, repositories, switches, nowMs),
    imageQueries: createImageQueries(registry, repositories),
    imageDeletion: createImageDeletion(journal, repositories),
    tokens,
    switches,
    nowMs,
  })
  const controls = createControls({ calls, faults, switches, journal, bytes, repositories })
  for (const name of options.repositories ?? []) {
    if (!journal.state.repositories.has(name)) repositories.create(name)
  }

  const routes = createRoutes({
    api: createApi({ runCall, operations, throttle, switches, credentials }),
    control: createControlRoutes(controls),
    ...createRegistryEndpoint({ runCall, tokens, repositories, bytes, throttle, switches }),
  })
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, routes.listener)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new Error('the sandbox has no TCP port')

  return {
    ...controls,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: async () => {
      closing.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await Promise.all([closed, routes.idle()])
    },
  }
}
