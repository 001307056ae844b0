import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FaultRule } from '../../../../src/sandbox/sandbox.ts'
import { digestOf, layerBytes } from '../../../support/layers.ts'
import type { RunningService } from '../../../support/service.ts'
import { asAgent, observerName } from '../../../support/two-agents.ts'

export const roleArn = 'arn:aws:iam::123456789012:role/push'

function policy(destination: object): string {
  const sha256 = createHash('sha256').update(observerName).digest('hex')
  const grants = [{ repositories: ['**'], actions: ['push', 'observe'] }]
  return JSON.stringify({
    version: 1,
    destinations: [{ name: 'acme', repositories: ['**'], ...destination }],
    agents: [{ name: 'builders', tokens: [`sha256:${sha256}`], grants }],
  })
}

export function every(operation: string, fault: FaultRule['fault']): FaultRule {
  return { operation, call: 'every', fault }
}

let seed = 0

/** A layer that nobody has pushed before. */
export function newLayer(sizeBytes = 2000): Buffer {
  seed += 1
  return layerBytes(sizeBytes, seed)
}

/** The status that `POST /v1/layers` answers. */
export async function push(
  { url }: RunningService,
  bytes: Buffer,
  { agent = observerName, digest = digestOf(bytes), wait = '' } = {},
): Promise<number> {
  const answer = await fetch(`${url}/v1/layers?repository=team/app&digest=${digest}`, {
    method: 'POST',
    headers: { ...asAgent(agent), ...(wait && { prefer: wait }) },
    body: bytes,
  })
  await answer.arrayBuffer()
  return answer.status
}

/** Who pushes so does not wait for AWS. */
export const unawaited = { wait: 'respond-async' }

export function times<T>(count: number, make: () => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, make))
}

/** A policy of one destination and one agent, whose token is the observer's name; and how it is replaced by another text. */
export async function withPolicy(t: TestContext, destination: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-policy-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'policy.yaml')
  await writeFile(file, policy(destination))
  const replace = async (text: string) => {
    await writeFile(join(folder, 'new'), text)
    await rename(join(folder, 'new'), file)
  }
  return { env: { LAYERGATE_POLICY: file }, replace }
}
