import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { imageOf, pushBlobs, pushImage } from './support/images.ts'
import { inEcr } from './support/in-ecr.ts'

const token = 'token-of-the-builders'
const authorization = `Bearer ${token}`
const image = imageOf([layerBytes(20_000)])

async function setUp(t: TestContext, createRepositories: boolean) {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-policy-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'policy.yaml')
  await writeFile(file, policyWith(createRepositories))
  const service = await startService(t, {
    env: { LAYERGATE_POLICY: file },
    sandbox: { repositories: [] },
  })
  const client = ociClient(service.url, { headers: { authorization }, repository: 'team/new' })
  return { ...service, client }
}

function policyWith(createRepositories: boolean): string {
  const sha256 = createHash('sha256').update(token).digest('hex')
  return JSON.stringify({
    version: 1,
    destinations: [{ name: 'acme', repositories: ['**'], createRepositories }],
    agents: [
      {
        name: 'builders',
        tokens: [`sha256:${sha256}`],
        grants: [{ repositories: ['**'], actions: ['push', 'observe'] }],
      },
    ],
  })
}

function creations(calls: readonly string[]): number {
  return calls.filter((call) => call === 'CreateRepository').length
}

describe('a repository that is missing', () => {
  test('is created once for all layers of a push, where the policy says so', async (t) => {
    const { client, calls, sandbox } = await setUp(t, true)
    await pushImage(client, image, 'v1')
    assert.equal(creations(calls()), 1)
    assert.deepEqual(inEcr(sandbox, 'team/new').tags, { v1: image.digest })
  })

  test('is 404 where the policy does not say so', async (t) => {
    const { client, calls } = await setUp(t, false)
    const answer = await client.post()
    assert.equal(answer.status, 404)
    assert.equal(creations(calls()), 0)
  })

  test('is 403 with the name of the quota when there may be no more', async (t) => {
    const { client, sandbox } = await setUp(t, true)
    const fault = { kind: 'exception', name: 'LimitExceededException' } as const
    sandbox.addFault({ operation: 'CreateRepository', call: 'every', fault })
    const answer = await client.post()
    assert.equal(answer.status, 403)
    assert.match(answer.bytes.toString(), /CreateRepository answered LimitExceededException/)
  })

  test('is 502 with the permission that is missing when the service may not create it', async (t) => {
    const { client, sandbox } = await setUp(t, true)
    const fault = { kind: 'exception', name: 'AccessDeniedException' } as const
    sandbox.addFault({ operation: 'CreateRepository', call: 'every', fault })
    const answer = await client.post()
    assert.equal(answer.status, 502)
    assert.match(answer.bytes.toString(), /ecr-public:CreateRepository/)
  })

  test('that was deleted after the layer was accepted is created again', async (t) => {
    const { client, sandbox, calls } = await setUp(t, true)
    await pushImage(client, image, 'v1')
    const fault = { kind: 'delay', delayMs: 300 } as const
    sandbox.addFault({ operation: 'BatchCheckLayerAvailability', call: 'every', fault })
    const later = imageOf([layerBytes(20_000, 2)])
    sandbox.removeRepository('team/new')
    await pushBlobs(client, later)
    await until('the layers are there', () => inEcr(sandbox, 'team/new').layers.size === 2)
    assert.equal(creations(calls()), 2)
  })
})
