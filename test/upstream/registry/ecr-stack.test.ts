import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseManifest } from '../../../src/registry/manifest.ts'
import { parseTag } from '../../../src/registry/reference.ts'
import { createEcrStack } from '../../../src/upstream/ecr-stack.ts'
import { openBoth } from '../../sandbox/support/open-sandbox.ts'
import { ociManifest, pushImageLayers } from '../../sandbox/support/push.ts'
import { pushImage } from '../../sandbox/support/registry.ts'
import { sandboxCredentials } from '../../../src/sandbox/sandbox.ts'
import { recordingObserver } from '../../support/recording-observer.ts'
import { upstreamError } from '../setup.ts'
import { callWith, tag } from './setup.ts'

const call = callWith({ destination: { registryId: 'sandbox' } })
const html503 = { kind: 'html-503' } as const

async function openStack(t: TestContext) {
  const { sandbox, client } = await openBoth(t)
  const observer = recordingObserver()
  const stack = createEcrStack({
    endpoint: new URL(sandbox.url),
    registryEndpoint: new URL(sandbox.url),
    credentials: sandboxCredentials,
    memoryBytes: 1,
    observer,
  })
  t.after(() => stack.close())
  const calls = () => sandbox.calls().map(({ operation }) => operation)
  return { ...stack, sandbox, client, observer, calls }
}

test('a read that fails is made again, and that is told', async (t) => {
  const { catalog, sandbox, client, observer } = await openStack(t)
  const manifest = await pushImage(client, 'layer', 'v1')
  sandbox.addFault({ operation: 'GetManifest', call: 1, fault: { kind: 'flip-byte' } })
  const found = await catalog.manifest(call, tag('v1'))
  assert.equal(found?.bytes.toString(), manifest)
  const [retried, ...others] = observer.of('upstream_retried')
  assert.equal(retried?.operation, 'GetManifest')
  assert.equal(retried.exception, 'ManifestDigestDiffers')
  assert.deepEqual(others, [])
})

test('a read is made three times at most', async (t) => {
  const { catalog, sandbox, calls } = await openStack(t)
  sandbox.addFault({ operation: 'ListTags', call: 'every', fault: html503 })
  await assert.rejects(catalog.tags(call), upstreamError('unavailable', 'Http503'))
  assert.equal(calls().filter((operation) => operation === 'ListTags').length, 3)
})

test('AWS credentials that expired are fetched anew for a read', async (t) => {
  const { catalog, sandbox, observer } = await openStack(t)
  const fault = { kind: 'expired-credentials' } as const
  sandbox.addFault({ operation: 'GetAuthorizationToken', call: 1, fault })
  assert.deepEqual(await catalog.tags(call), [])
  assert.deepEqual(
    observer.of('credentials_refreshed').map(({ outcome }) => outcome),
    ['refreshed'],
  )
})

test('what names a registry has is asked again after a fault, and with credentials that are fetched anew', async (t) => {
  const { registries, sandbox, observer } = await openStack(t)
  const expired = { kind: 'expired-credentials' } as const
  sandbox.addFault({ operation: 'DescribeRegistries', call: 1, fault: html503 })
  sandbox.addFault({ operation: 'DescribeRegistries', call: 2, fault: expired })
  assert.equal((await registries(call)).length, 1)
  assert.equal(observer.of('upstream_retried').length, 2)
  assert.deepEqual(
    observer.of('credentials_refreshed').map(({ outcome }) => outcome),
    ['refreshed'],
  )
})

test('before a manifest is put once more the registry is asked what its tag names', async (t) => {
  const { upstream, sandbox, client, calls } = await openStack(t)
  const text = await pushImageLayers(client, 'layer')
  const manifest = parseManifest(Buffer.from(text), ociManifest)
  const lost = { kind: 'reset-after-storing' } as const
  sandbox.addFault({ operation: 'PutImage', call: 1, fault: lost })
  sandbox.clearCalls()
  await upstream.putManifest(call, manifest, parseTag('v1'))
  assert.deepEqual(calls(), ['PutImage', 'GetAuthorizationToken', 'HeadManifest'])
})
