import { ECRPUBLIC, type ECRPUBLICClientConfig } from '@aws-sdk/client-ecr-public'
import type { TestContext } from 'node:test'
import {
  type Sandbox,
  sandboxCredentials,
  type SandboxOptions,
  startSandbox,
} from '../../../src/sandbox/sandbox.ts'

export const repositoryName = 'team/app'

/** A sandbox with the repository `team/app` that takes parts of four bytes and more, closed with the test. */
export async function openSandbox(t: TestContext, options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    repositories: [repositoryName],
    ...options,
    switches: { minPartBytes: 4, ...options.switches },
  })
  t.after(() => sandbox.close())
  return sandbox
}

/** The AWS SDK's client, without its retries. */
export function openClient(
  t: TestContext,
  sandbox: Sandbox,
  config: ECRPUBLICClientConfig = {},
): ECRPUBLIC {
  const client = new ECRPUBLIC({
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: sandboxCredentials,
    maxAttempts: 1,
    ...config,
  })
  t.after(() => client.destroy())
  return client
}

/** Both at once, for the tests that need no more. */
export async function openBoth(
  t: TestContext,
  options: SandboxOptions = {},
): Promise<{ sandbox: Sandbox; client: ECRPUBLIC }> {
  const sandbox = await openSandbox(t, options)
  return { sandbox, client: openClient(t, sandbox) }
}
