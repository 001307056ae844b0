import { stdout } from 'node:process'
import type { Policy } from '../../access/policy/policy.ts'
import type { Config } from '../../config/config.ts'
import { type Destination, registryKey } from '../../registry/destination.ts'
import type { RepositoryName } from '../../registry/repository-name.ts'
import { type Finding, preflight } from '../../upstream/preflight/preflight.ts'
import { preflightRegistries } from '../../upstream/preflight/registries-apart.ts'
import { plain } from '../../registry/plain-text.ts'

export interface CheckAwsOptions {
  /** One that agents push to: its destination is tried for repositories below it. */
  readonly repository?: RepositoryName
  /** Standard output when absent. */
  readonly write?: (text: string) => void
}

/**
 * Tries the identity of every destination and all that it needs at AWS, with calls that cannot change anything, and says what is missing.
 *
 * @returns 0 when all is there, 1 when something is missing, or could not be found out
 */
export async function checkAws(
  config: Config,
  policy: Policy | undefined,
  { repository, write = (text) => void stdout.write(text) }: CheckAwsOptions = {},
): Promise<number> {
  const { kind, endpoint, registryEndpoint } = config.upstream
  const settings = { kind, registryEndpoint, ...(endpoint && { endpoint }) }
  const taking = repository && policy?.destinations.find(({ takes }) => takes(repository))?.name
  const destinations = policy?.destinations ?? [defaultDestination(config)]
  const { signal } = new AbortController()
  const findings: Finding[] = []

  async function tell(title: string, found: AsyncIterable<Finding>): Promise<void> {
    let isTitled = false
    for await (const finding of found) {
      if (!isTitled) write(`\n${title}\n`)
      isTitled = true
      findings.push(finding)
      write(lineOf(finding))
    }
  }

  for (const destination of destinations) {
    const isNear = repository && (!policy || taking === destination.name)
    const asked = { ...settings, ...(isNear && { repository }) }
    await tell(titleOf(destination), preflight(destination, asked, signal))
  }
  const apart = preflightRegistries(destinations, settings, signal)
  await tell('Destinations with different prefixes:', apart)
  write(`\n${summaryOf(findings, repository === undefined)}\n`)
  return findings.every(({ state }) => state === 'there') ? 0 : 1
}

function defaultDestination({ upstream: { kind, registryId } }: Config): Destination {
  const place = registryId === undefined ? {} : { registryId }
  return { name: 'default', registry: registryKey(kind, place), ...place }
}

function titleOf({ name, role, registryId }: Destination): string {
  const registry = registryId === undefined ? '' : `, the registry ${registryId}`
  const identity = role ? `the role ${role.arn}` : "the service's own identity"
  return `Destination ${name}${registry}, as ${identity}:`
}

const states: Readonly<Record<Finding['state'], string>> = {
  there: 'works  ',
  missing: 'MISSING',
  unknown: 'UNKNOWN',
}

function lineOf({ state, needs, detail }: Finding): string {
  const line = `  ${states[state]}  ${needs.join(' and ')}\n`
  return detail === undefined ? line : `${line}           ${plain(detail)}\n`
}

function summaryOf(findings: readonly Finding[], isAnywhere: boolean): string {
  const missing = findings.filter(({ state }) => state === 'missing')
  const unknown = findings.filter(({ state }) => state === 'unknown')
  if (missing.length + unknown.length === 0) return 'All is there.'
  const counts = `${missing.length} missing, ${unknown.length} could not be found out.`
  const isLimited = isAnywhere && missing.some((finding) => finding.repository !== undefined)
  if (!isLimited) return counts
  return `${counts} Where a permission is for some repositories alone, name one of them with --repository.`
}
