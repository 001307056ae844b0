import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { digestOf } from './layers.ts'
import { type Grants, observerName } from './two-agents.ts'

export interface PolicyParts {
  readonly destinations?: readonly object[]
  readonly issuers?: readonly object[]
}

/** A policy file that a test may write anew. Gone when the test ends. */
export interface PolicyOfTest {
  readonly env: { readonly LAYERGATE_POLICY: string }
  write(agents: Readonly<Record<string, Grants>>, parts?: PolicyParts): Promise<void>
  writeText(text: string): Promise<void>
}

/** The same agents as `agentsWith` has, each with its name as its token, under a real policy; and one who observes. */
export async function policyOf(
  t: TestContext,
  agents: Readonly<Record<string, Grants>>,
  parts?: PolicyParts,
): Promise<PolicyOfTest> {
  const folder = await mkdtemp(join(tmpdir(), 'policy-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'policy.yaml')
  const policy: PolicyOfTest = {
    env: { LAYERGATE_POLICY: path },
    write: (all, more) => writeFile(path, JSON.stringify(policyFrom(all, more))),
    writeText: (text) => writeFile(path, text),
  }
  await policy.write(agents, parts)
  return policy
}

/** JSON is YAML too. */
function policyFrom(
  agents: Readonly<Record<string, Grants>>,
  { destinations, issuers }: PolicyParts = {},
) {
  const everybody = { ...agents, [observerName]: { push: [], observe: true } }
  return {
    version: 1,
    destinations: destinations ?? [{ name: 'default', repositories: ['**'] }],
    agents: Object.entries<Grants>(everybody).map(([name, grants]) => ({
      name,
      tokens: [digestOf(Buffer.from(name))],
      grants: grantsOf(grants),
    })),
    ...(issuers && { issuers }),
  }
}

function grantsOf({ push, pull = [], observe = false }: Grants) {
  return [
    ...(push.length > 0 ? [{ repositories: push, actions: ['push'] }] : []),
    ...(pull.length > 0 ? [{ repositories: pull, actions: ['pull'] }] : []),
    ...(observe ? [{ actions: ['observe'] }] : []),
  ]
}
