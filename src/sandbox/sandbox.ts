import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AccountParts } from './account.ts'
import { createAccounts, type SandboxRegistry } from './accounts.ts'
import { createApi } from './api.ts'
import { createAuthenticate } from './authentication.ts'
import { createCallRunner } from './call.ts'
import { createCallLog } from './call-log.ts'
import { createControlRoutes } from './control-routes.ts'
import { type Controls, createControls } from './controls.ts'
import { type SandboxCredentials, sandboxCredentials } from './credentials.ts'
import { diskBytes } from './disk-bytes.ts'
import { createFaults } from './faults.ts'
import { createIdentities } from './identities.ts'
import { memoryBytes } from './memory-bytes.ts'
import { createRegistryEndpoint } from './oci/registry-endpoint.ts'
import { createTokens } from './oci/tokens.ts'
import { createThrottle } from './quotas.ts'
import { createRoles, type SandboxRole } from './roles.ts'
import { createRoutes } from './routes.ts'
import { createStsActions } from './sts/actions.ts'
import { createSts } from './sts/endpoint.ts'
import { createSwitchBoard, type Switches } from './switches.ts'

export { type SandboxCredentials, sandboxCredentials } from './credentials.ts'
export type { CallRecord } from './call-log.ts'
export type { Fault, FaultRule } from './faults.ts'
export type { RegistryControls } from './registry-controls.ts'
export type { SandboxRegistry } from './accounts.ts'
export type { SandboxRole } from './roles.ts'
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
  /** Registries of other accounts. Those of a role or of credentials need not be named. */
  readonly registries?: readonly SandboxRegistry[]
  /** Roles that can be assumed from the start. */
  readonly roles?: readonly SandboxRole[]
  /** The clock behind signatures, sessions, tokens, quotas and the age of uploads and layers. */
  readonly nowMs?: () => number
}

export interface Sandbox extends Controls {
  /** The origin of the JSON API, of STS and of the registry endpoint: images are at `<host>/<alias>/<repository>`. */
  readonly url: string
  readonly port: number
  /** Breaks what is under way and resolves when nothing is left at work. */
  close(): Promise<void>
}

/** Starts a strict stand-in for Amazon ECR Public: its JSON API, the reading half of its registry endpoint, and the STS behind its roles. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, dataDir, nowMs = Date.now } = options
  const { accountId = '123456789012', alias = 'sandbox' } = options
  const credentials = [options.credentials ?? sandboxCredentials].flat()

  const switches = createSwitchBoard(options.switches ?? {})
  const bytes = dataDir === undefined ? memoryBytes() : diskBytes(dataDir)
  const calls = createCallLog()
  const faults = createFaults()
  const closing = new AbortController()
  const runCall = createCallRunner({ calls, faults, nowMs, closing: closing.signal })
  const tokens = createTokens(switches)

  const parts: AccountParts = { bytes, tokens, switches, nowMs }
  const accounts = createAccounts(dataDir, parts)
  const { repositories = [], registries = [] } = options
  const own = accounts.open({ registryId: accountId, alias, repositories }).controls
  for (const registry of registries) accounts.open(registry)
  for (const { registryId = accountId } of credentials) accounts.open({ registryId })

  const roles = createRoles()
  const identities = createIdentities(credentials, accountId, roles)
  const controls = createControls({ calls, faults, switches, roles, identities, accounts, own })
  for (const role of options.roles ?? []) controls.putRole(role)

  const authenticate = createAuthenticate(identities)
  const actions = createStsActions(roles, identities, switches)
  const throttle = createThrottle(nowMs)
  const routes = createRoutes({
    api: createApi({ runCall, authenticate, accounts, switches }),
    sts: createSts({ runCall, authenticate, actions }),
    control: createControlRoutes(controls),
    ...createRegistryEndpoint({ runCall, tokens, accounts, bytes, throttle, switches }),
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
