import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { AuthFailure } from '../../../../src/registry/events.ts'
import { member } from '../../aws/json.ts'
import { digestOf } from '../../aws/layer.ts'
import { audience, startOidcIssuer } from '../../../support/oidc-issuer.ts'
import { type RunningService, startService } from '../../../support/service.ts'
import { observerName } from '../../../support/two-agents.ts'
import type { Repository } from '../../push/support/registry.ts'

/** What the agent and the CI runs may do. */
export type Grants = Readonly<Partial<Record<Repository, 'push' | 'pull'>>>

export interface LoginRegistry extends RunningService {
  /** As clients write it. */
  readonly host: string
  /** From now on this is what may be done; with `undefined` the agent and the runs are no longer in the policy. */
  grant(grants: Grants | undefined): Promise<void>
  /** A token of a run of the CI that lasts for five minutes. */
  ciToken(): Promise<string>
  /** What a step of a CI run gets for it, to log in with. */
  refreshToken(): Promise<string>
  /** For the service and the CI; clients have the clock of the machine. */
  passMinutes(minutes: number): void
  /** Requests that were refused for who sent them, by the code of the refusal. */
  refused(code: AuthFailure): Promise<number>
}

export const agentToken = 'token-of-the-builder'

/** Layergate, with a policy, before an ECR Public with two repositories. At first pushes to team/app alone are granted. */
export async function startLoginRegistry(t: TestContext): Promise<LoginRegistry> {
  let passedMs = 0
  const now = () => new Date(Date.now() + passedMs)
  const issuer = await startOidcIssuer(t, { now })
  const folder = await mkdtemp(join(tmpdir(), 'layergate-policy-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'policy.yaml')
  const write = (grants: Grants | undefined) => writeFile(path, policyText(issuer.url, grants))
  await write({ 'team/app': 'push' })

  const repositories: Repository[] = ['team/app', 'mirror/app']
  const env = { LAYERGATE_POLICY: path }
  const running = await startService(t, { env, now, sandbox: { repositories } })

  return {
    ...running,
    host: `127.0.0.1:${running.port}`,
    async grant(grants) {
      await write(grants)
      await running.service.reload()
    },
    ciToken: () => issuer.sign(),
    async refreshToken() {
      const credentials = Buffer.from(`ci:${await issuer.sign()}`).toString('base64')
      const answer = await fetch(`${running.url}/token?service=layergate&offline_token=true`, {
        headers: { authorization: `Basic ${credentials}` },
      })
      return member(await answer.json(), 'refresh_token', 'string')
    },
    passMinutes(minutes) {
      passedMs += minutes * 60_000
    },
    async refused(code) {
      return (await running.metric(`layergate_auth_failures_total{reason="${code}"}`)) ?? 0
    },
  }
}

/** JSON is YAML too. */
function policyText(issuer: string, grants: Grants | undefined): string {
  const given = Object.entries(grants ?? {}).map(([repository, action]) => ({
    repositories: [repository],
    actions: [action],
  }))
  const rules = grants && [{ name: 'main', claims: { sub: 'repo:acme/app' }, grants: given }]
  const builder = grants && { name: 'builder', tokens: [digestOf(agentToken)], grants: given }
  const observer = {
    name: observerName,
    tokens: [digestOf(observerName)],
    grants: [{ actions: ['observe'] }],
  }
  return JSON.stringify({
    version: 1,
    destinations: [{ name: 'default', repositories: ['**'] }],
    agents: [observer, ...(builder ? [builder] : [])],
    issuers: [{ name: 'ci', issuer, audience, rules: rules ?? [] }],
  })
}
