import { createMetrics } from '../../src/telemetry/metrics.ts'
import { upstreamOperations } from '../../src/upstream/ecr-upstream.ts'
import { registryOperations } from '../../src/upstream/registry/ecr-catalog.ts'
import { retryReasons } from '../../src/upstream/retry-policy.ts'
import { calmLevels } from '../telemetry/setup.ts'

/** What a service shows that nobody has called yet: every label has a value in it. */
export async function scrapeFresh(): Promise<string> {
  const operations = [...upstreamOperations, ...registryOperations]
  const quotas = Object.fromEntries(operations.map((operation) => [operation, 1]))
  const quotasPerSecond = { default: quotas }
  const levels = async () => ({ ...calmLevels, quotasPerSecond })
  const settings = {
    version: '1.2.3',
    isAuthDisabled: true,
    destinations: ['default'],
    operations,
    retryReasons,
    withProcess: false,
  }
  return (await createMetrics(settings, levels).scrape()).text
}
