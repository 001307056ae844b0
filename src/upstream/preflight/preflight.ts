import { randomBytes } from 'node:crypto'
import { UpstreamError } from '../../publish/upstream-error.ts'
import { type Destination, upstreamRepository } from '../../registry/destination.ts'
import { parseRepositoryName, type RepositoryName } from '../../registry/repository-name.ts'
import type { IdentitySettings } from '../identity.ts'
import { createEcrCatalog } from '../registry/ecr-catalog.ts'
import type { Retry } from '../retry.ts'
import { createIdentityClient, maxSockets, unobserved } from './identity-client.ts'
import { type Probe, probesOf } from './probes.ts'

export interface PreflightSettings extends Pick<IdentitySettings, 'kind' | 'endpoint'> {
  /** Of the registry that is read. */
  readonly registryEndpoint: URL
  /**
   * One that agents push to, by the name that they write: where a permission is limited to some repositories, it is tried for one below
   * this. Otherwise for one of no namespace.
   */
  readonly repository?: RepositoryName
}

/** What was found out of one thing that a destination needs. */
export interface Finding {
  /** As IAM calls it, where it is a permission. */
  readonly needs: readonly string[]
  /** `unknown`: it could not be found out. */
  readonly state: 'there' | 'missing' | 'unknown'
  /** What AWS, or the network, said. It names the identity where AWS does. */
  readonly detail?: string
  /** The repository that was asked for, where another might be answered otherwise. */
  readonly repository?: string
}

/**
 * Tries whether a destination can be reached, and whether its identity may do what it needs there, with calls that change nothing.
 * Findings come as they are made. It ends early when nothing more can be found out.
 *
 * @throws the reason of `signal`
 */
export async function* preflight(
  destination: Destination,
  settings: PreflightSettings,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { registryEndpoint: endpoint, repository } = settings
  const { client, refreshCredentials, retry } = createIdentityClient(destination, settings)
  const catalog = createEcrCatalog({ client, endpoint, observer: unobserved, maxSockets })
  const call = {
    destination,
    agent: 'check',
    repository: absentRepository(destination, repository),
  }
  const ask = (probe: Probe) => findingOf(probe, { ...call, signal }, retry)

  try {
    const identity: Probe = {
      actions: [destination.role ? 'sts:AssumeRole' : 'credentials'],
      isOfRepository: false,
      ask: refreshCredentials,
    }
    let isAllThere = true
    for (const probe of [identity, ...probesOf(call, client, catalog)]) {
      if (probe.needsOthers === true && !isAllThere) continue
      const { finding, isLast } = await ask(probe)
      yield finding
      isAllThere &&= finding.state === 'there'
      if (isLast || (probe === identity && finding.state !== 'there')) return
    }
  } finally {
    catalog.close()
    client.destroy()
  }
}

async function findingOf(
  { actions, passes = [], isOfRepository, ask }: Probe,
  call: Parameters<Retry>[0],
  retry: Retry,
): Promise<{ readonly finding: Finding; readonly isLast: boolean }> {
  try {
    await retry(call, () => ask(call.signal))
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    const { failure, facts } = error
    if (!passes.includes(facts.exception)) {
      const isMissing = failure === 'denied'
      const finding: Finding = {
        needs: isMissing ? deniedActions(facts.message, actions) : actions,
        state: isMissing ? 'missing' : 'unknown',
        detail: error.message,
        ...(isMissing && isOfRepository && { repository: call.repository }),
      }
      // What nobody answers, or does so only to others, need not be asked all over again.
      return { finding, isLast: failure === 'unavailable' || failure === 'credentials' }
    }
  }
  return { finding: { needs: actions, state: 'there' }, isLast: false }
}

/** A call that needs several is denied for one of them, which AWS's sentence names. */
function deniedActions(message: string, actions: readonly string[]): readonly string[] {
  const [, action] = /not authorized to perform: ([\w-]+:\w+)/.exec(message) ?? []
  return action !== undefined && actions.includes(action) ? [action] : actions
}

function absentRepository(destination: Destination, near?: RepositoryName): RepositoryName {
  const name = `layergate-check-${randomBytes(8).toString('hex')}`
  return parseRepositoryName(near ? `${upstreamRepository(destination, near)}/${name}` : name)
}
