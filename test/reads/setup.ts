import type { Target } from '../../src/publish/acceptance.ts'
import type { UpstreamFailure } from '../../src/publish/upstream-error.ts'
import { parseReference } from '../../src/registry/reference.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'

export const never = new AbortController().signal
export const tag = parseReference

export interface TargetOptions {
  readonly registry?: string
  readonly repository?: string
}

export function targetOf({
  registry = 'acme',
  repository = 'team/app',
}: TargetOptions = {}): Target {
  return {
    agent: 'ci',
    repository: parseRepositoryName(repository),
    destination: { name: 'default', registry },
  }
}

/** Every target that is not `targetOf()`, by one difference each. */
export const otherTargets: readonly Target[] = [
  targetOf({ registry: 'other' }),
  targetOf({ repository: 'team/other' }),
]

/** What a failure of the upstream is answered with. */
export const answers = {
  unavailable: 'upstream_unavailable',
  throttled: 'upstream_unavailable',
  credentials: 'upstream_credentials',
  denied: 'upstream_credentials',
  repository_unknown: 'repository_unknown',
  rejected: 'upstream_rejected',
} as const satisfies Partial<Record<UpstreamFailure, string>>

export const failures: readonly (keyof typeof answers)[] = [
  'unavailable',
  'throttled',
  'credentials',
  'denied',
  'repository_unknown',
  'rejected',
]
