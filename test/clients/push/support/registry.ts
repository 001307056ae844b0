import type { TestContext } from 'node:test'
import { startService, type RunningService } from '../../../support/service.ts'

/** helm makes the last word of the name of the chart. */
export type Repository = 'team/app' | 'mirror/app'

/** For helm a tag is a version. */
export const tag = '1.0.0'

/** Layergate before an ECR Public with two repositories. */
export function startRegistry(t: TestContext): Promise<RunningService> {
  const repositories: Repository[] = ['team/app', 'mirror/app']
  return startService(t, { sandbox: { repositories } })
}

export function referenceAt(port: number, repository: Repository): string {
  return `127.0.0.1:${port}/${repository}:${tag}`
}
