import type { TestContext } from 'node:test'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.ts'
import { type Spawned, spawned } from '../../support/spawned.ts'

export interface Ended {
  readonly status: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

/** Runs `layergate forwards` on a data folder until it has ended. It is told no other setting. */
export function forwards(
  t: TestContext,
  dataDir: string,
  ...args: readonly string[]
): Promise<Ended> {
  return forwardsWith(t, { LAYERGATE_DATA_DIR: dataDir }, ...args)
}

/** The same, with these settings. */
export async function forwardsWith(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Ended> {
  const process = await spawned(t, ['forwards', ...args], env)
  const status = await process.exit()
  return { status, stdout: process.stdout(), stderr: process.stderr() }
}

export interface Served {
  readonly sandbox: Sandbox
  readonly process: Spawned
  readonly url: string
}

/** A service in a process of its own, whose AWS is in this one. */
export async function serve(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const sandbox = await startSandbox({ repositories: ['team/app'] })
  t.after(() => sandbox.close())
  const process = await spawned(t, ['serve'], {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_UPSTREAM_ENDPOINT: sandbox.url,
    LAYERGATE_PORT: '0',
    ...env,
  })
  return { sandbox, process, url: await process.url() }
}

/** AWS refuses the identity of the service: what is pushed is parked. */
export function denyUploads(sandbox: Sandbox): void {
  sandbox.addFault({
    operation: 'InitiateLayerUpload',
    call: 'every',
    fault: { kind: 'exception', name: 'AccessDeniedException' },
  })
}
