import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '../../../../src/sandbox/sandbox.ts'
import { impatientRelay } from './impatient-relay.ts'
import type { Orders } from './orders.ts'
import { policy } from './policy.ts'
import { startVictim, type Victim } from './victims.ts'

/** One data folder and one ECR Public, which outlive the processes that serve them one after the other. */
export interface Site extends AsyncDisposable {
  readonly sandbox: Sandbox
  readonly sandboxDir: string
  readonly dataDir: string
  /** All that ever served here. */
  readonly victims: readonly Victim[]
  /** Serves from now on, until it dies. */
  start(orders?: Partial<Orders>): Victim
  /** How many connections to ECR Public were cut since nothing moved on them. */
  upstreamCuts(): number
  /** Where the one that serves listens, once it does. Waits for the next one after each that died. */
  url(): Promise<string>
}

export const repositories = ['team/app', 'team/other', 'team/refused', 'team/spare'] as const

const fast = '10000'
const settings = {
  LAYERGATE_UPSTREAM: 'sandbox',
  LAYERGATE_HOST: '127.0.0.1',
  LAYERGATE_PORT: '0',
  LAYERGATE_RATE_BATCH_CHECK_LAYER_AVAILABILITY: fast,
  LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: fast,
  LAYERGATE_RATE_UPLOAD_LAYER_PART: fast,
  LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: fast,
  LAYERGATE_RATE_PUT_IMAGE: fast,
  LAYERGATE_RATE_GET_AUTHORIZATION_TOKEN: fast,
  LAYERGATE_RATE_REGISTRY_READS: fast,
  LAYERGATE_MANIFEST_WAIT: '20s',
} as const

export interface SiteOptions {
  /** A data folder to begin with a copy of. */
  readonly legacyDir?: string
  /** Nothing may stand still for longer between the service and ECR Public. */
  readonly upstreamPatienceMs?: number
}

/**
 * @param modulesDir of `startVictim`
 * @param env beside the settings that every victim has
 */
export async function openSite(
  modulesDir: string,
  env: Orders['env'] = {},
  { legacyDir, upstreamPatienceMs }: SiteOptions = {},
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-kills-'))
  const dataDir = join(folder, 'data')
  const sandboxDir = join(folder, 'ecr')
  const policyFile = join(folder, 'policy.yaml')
  await writeFile(policyFile, policy)
  if (legacyDir !== undefined) await cp(legacyDir, dataDir, { recursive: true })
  const sandbox = await startSandbox({
    repositories,
    dataDir: sandboxDir,
    // So that small layers have several parts.
    switches: { partSizeBytes: 128 * 1024, minPartBytes: 1 },
  })
  const relay =
    upstreamPatienceMs === undefined
      ? undefined
      : await impatientRelay(sandbox.port, upstreamPatienceMs)
  const upstreamUrl = relay ? `http://127.0.0.1:${relay.port}` : sandbox.url
  const victims: Victim[] = []
  let next = Promise.withResolvers<Victim>()

  return {
    sandbox,
    sandboxDir,
    dataDir,
    victims,

    start(orders = {}) {
      const victim = startVictim(modulesDir, {
        ...orders,
        env: {
          ...settings,
          LAYERGATE_UPSTREAM_ENDPOINT: upstreamUrl,
          LAYERGATE_DATA_DIR: dataDir,
          LAYERGATE_POLICY: policyFile,
          ...env,
        },
      })
      victims.push(victim)
      const here = next
      next = Promise.withResolvers<Victim>()
      here.resolve(victim)
      return victim
    },

    upstreamCuts: () => relay?.cuts() ?? 0,

    async url() {
      for (;;) {
        const victim = victims.at(-1)
        if (!victim || victim.isOver()) {
          await next.promise
          continue
        }
        const url = await victim.url
        if (url !== undefined && !victim.isOver()) return url
        // The news of its end may come a little later than that of its last connection.
        await victim.end
      }
    },

    async [Symbol.asyncDispose]() {
      for (const victim of victims) {
        victim.signal('SIGKILL')
        await victim.end
      }
      await relay?.[Symbol.asyncDispose]()
      await sandbox.close()
      await rm(folder, { recursive: true })
    },
  }
}
