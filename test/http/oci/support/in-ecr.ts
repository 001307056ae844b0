import type { Sandbox } from '../../../../src/sandbox/sandbox.ts'
import { until } from '../../../support/until.ts'

/** What ECR Public has of one repository. */
export function inEcr(sandbox: Sandbox, repository = 'team/app') {
  const found = sandbox.state().repositories.find(({ name }) => name === repository)
  return {
    layers: new Set(found?.layers.map(({ digest }) => digest)),
    images: new Set(found?.images.map(({ digest }) => digest)),
    tags: { ...found?.tags },
  }
}

/** Waits until ECR Public has a layer. */
export async function untilInEcr(
  sandbox: Sandbox,
  digest: string,
  repository?: string,
): Promise<void> {
  await until(`ECR has ${digest}`, () => inEcr(sandbox, repository).layers.has(digest))
}
