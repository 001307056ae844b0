import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import type { Destination } from '../../src/registry/destination.ts'
import { parseManifest } from '../../src/registry/manifest.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { createAccounts } from '../../src/upstream/accounts.ts'
import { fencedBlocks, readPage } from '../docs/pages.ts'
import { imageOf } from '../http/oci/support/images.ts'
import { openSandbox } from '../sandbox/support/open-sandbox.ts'
import { admitLayer, digestOf, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { type OciAnswer, ociClient } from '../support/oci-client.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { startService } from '../support/service.ts'
import { callWith, latest, upstreamError } from './setup.ts'

const page = await readPage('docs/iam.md')
const [needed = [], creation = [], assumption = []] = fencedBlocks(page, 'json').map(actionsIn)
const arn = 'arn:aws:iam::123456789012:role/layergate-push'
const image = imageOf([layerBytes(2_000)])

/** Of all statements of a policy, or of one that stands alone. */
function actionsIn(json: string): readonly string[] {
  const actions: string[] = []
  JSON.parse(json, (key, value: unknown) => {
    if (key === 'Action') actions.push(...[value].flat().map(String))
    return value
  })
  return actions
}

/** An image comes in by a whole service whose identity has these permissions, and its tag is read, as far as that goes. */
async function pushAndRead(t: TestContext, permissions: readonly string[]) {
  const credentials = { ...sandboxCredentials, permissions }
  const { url, sandbox } = await startService(t, { sandbox: { credentials } })
  const client = ociClient(url)
  const answers: OciAnswer[] = []
  for (const bytes of [image.config, ...image.layers]) {
    const begun = await client.post()
    const location = begun.headers.get('location')
    answers.push(
      location === null ? begun : await client.put(location, digestOf(bytes), { body: bytes }),
    )
  }
  answers.push(await client.putManifest('latest', image))
  answers.push(await client.manifest('GET', 'latest'))
  const refusals = answers.filter(({ status }) => status >= 300)
  return {
    sandbox,
    refusals: refusals.map(({ status, bytes }) => ({ status, text: bytes.toString() })),
  }
}

/** What a destination of this role can do, call by call, as a service whose own identity has `own` has it done. */
async function carryByRole(
  t: TestContext,
  own: readonly string[],
  permissions: readonly string[],
): Promise<void> {
  const externalId = 'acme-1'
  const sandbox = await openSandbox(t, {
    credentials: { ...sandboxCredentials, permissions: own },
    roles: [{ arn, externalId, permissions }],
    switches: { minPartBytes: 1 },
  })
  const destination: Destination = {
    name: 'acme',
    registry: 'acme',
    registryId: '123456789012',
    stripPrefix: 'acme/',
    role: { arn, externalId },
  }
  const endpoint = new URL(sandbox.url)
  const { upstream, catalog, close } = createAccounts({
    kind: 'sandbox',
    endpoint,
    registryEndpoint: endpoint,
    memoryBytes: 1,
    observer: recordingObserver(),
    destinations: () => [destination],
  })
  t.after(close)
  const call = { ...callWith(), destination, repository: parseRepositoryName('acme/fresh') }
  const spool = createMemorySpool()
  const gate = createGate(spool)

  await upstream.createRepository(call)
  for (const bytes of [image.config, ...image.layers]) {
    const layer = await admitLayer(spool, gate, bytes)
    await upstream.absent(call, [layer.digest])
    const upload = await upstream.start(call, layer)
    const range = { firstByte: 0, lastByte: bytes.length - 1 }
    await upstream.sendPart(call, upload, layer, range)
    await upstream.complete(call, upload, layer)
  }
  await upstream.putManifest(call, parseManifest(image.bytes, image.mediaType), latest)
  const stored = await catalog.manifestHead(call, { kind: 'tag', tag: latest })
  assert.equal(stored?.digest, image.digest)
}

test('the policies of docs/iam.md are what this test takes them for', () => {
  assert.equal(needed.length, 8)
  assert.deepEqual(creation, ['ecr-public:CreateRepository'])
  assert.deepEqual(assumption, ['sts:AssumeRole'])
})

test('the policy of docs/iam.md is enough to push an image and to read it', async (t) => {
  const { refusals, sandbox } = await pushAndRead(t, needed)
  assert.deepEqual(refusals, [])
  assert.deepEqual(
    sandbox.calls().filter(({ exception }) => exception === 'AccessDeniedException'),
    [],
  )
})

for (const action of needed) {
  test(`without ${action} an image cannot be pushed and read, and the error names the action`, async (t) => {
    const others = needed.filter((other) => other !== action)
    const { refusals } = await pushAndRead(t, others)
    const [first] = refusals
    assert.equal(first?.status, 502)
    assert.match(first.text, new RegExp(`not authorized to perform: ${action} on resource`))
  })
}

test('with a role the service needs nothing but to assume it, and the role no more than the page says', async (t) => {
  await carryByRole(t, assumption, [...needed, ...creation])
})

test('a service that may not assume the role does nothing, whatever else it may do itself', async (t) => {
  const itself = [...needed, ...creation]
  await assert.rejects(carryByRole(t, itself, itself), upstreamError('denied', 'AccessDenied'))
})

test('a role creates no repository without the statement for that', async (t) => {
  const denied = upstreamError('denied', 'AccessDeniedException')
  await assert.rejects(carryByRole(t, assumption, needed), denied)
})
