import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, type OciAnswer, ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { policyOf } from '../../support/policy-of.ts'
import { asAgent } from '../../support/two-agents.ts'
import { untilInEcr } from './support/in-ecr.ts'
import { imageOf, pushImage } from './support/images.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)
const unknown = digestOf(layerBytes(1))

/** `app` may push to acme/app and read acme/base; `base` may push to acme/base; both may push to acme/shared. */
async function twoAgents(t: TestContext) {
  const { env } = await policyOf(t, {
    app: { push: ['acme/app', 'acme/shared'], pull: ['acme/base'] },
    base: { push: ['acme/base', 'acme/secret', 'acme/shared'] },
    nobody: { push: [] },
  })
  const sandbox = { repositories: ['acme/app', 'acme/base', 'acme/shared', 'acme/secret'] }
  const service = await startService(t, { env, sandbox })
  const client = (agent: string, repository: string) =>
    ociClient(service.url, { repository, headers: asAgent(agent) })
  return {
    ...service,
    client,
    app: client('app', 'acme/app'),
    base: client('base', 'acme/base'),
    secret: client('base', 'acme/secret'),
  }
}

/** Everything of an answer that does not name one request. */
function withoutIds({ status, headers, bytes }: OciAnswer) {
  const ids = new Set(['x-request-id', 'docker-upload-uuid', 'location', 'date'])
  const rest = [...headers].filter(([name]) => !ids.has(name))
  return { status, headers: Object.fromEntries(rest), text: bytes.toString() }
}

describe('mount of a layer of a repository that the agent may pull', () => {
  for (const query of [`?mount=${digest}&from=acme/base`, `?mount=${digest}`]) {
    const how = query.includes('from') ? 'with from' : 'without from'
    test(`${how} is 201, and ECR Public gets it without a byte from the client`, async (t) => {
      const { app, base, sandbox, metric } = await twoAgents(t)
      await base.push(blob)
      const mounted = await app.post(query)
      assert.equal(locationOf(mounted, 201), `/v2/acme/app/blobs/${digest}`)
      await untilInEcr(sandbox, digest, 'acme/app')
      assert.deepEqual(await sandbox.layerBytes('acme/app', digest), blob)
      await assertPulled(app, mounted, blob)
      assert.equal(await metric('layergate_received_bytes_total{entry="oci"}'), blob.length)
    })
  }
})

describe('mount of a layer of a repository that the agent may not pull', () => {
  for (const from of ['', '&from=acme/secret']) {
    test(`${from ? 'with from' : 'without from'} is answered as for a digest that nobody has`, async (t) => {
      const { app, secret, calls } = await twoAgents(t)
      await secret.push(blob)
      const initiated = () => calls().filter((operation) => operation === 'InitiateLayerUpload')
      const answer = await app.post(`?mount=${digest}${from}`)
      const other = await app.post(`?mount=${unknown}${from}`)
      assert.equal(answer.status, 202)
      assert.deepEqual(withoutIds(answer), withoutIds(other))
      assert.equal((await app.blob('HEAD', digest)).status, 404)
      assert.ok(initiated().length <= 1)
      const pushed = await app.put(locationOf(answer, 202), digest, { body: blob })
      await assertPulled(app, pushed, blob)
    })
  }

  test('is 201 when another repository that has it may be pulled', async (t) => {
    const { app, base, secret } = await twoAgents(t)
    await secret.push(blob)
    await base.push(blob)
    await assertPulled(app, await app.post(`?mount=${digest}`), blob)
  })
})

describe("another agent's repository", () => {
  test('cannot be read, whether it has what is asked for or not', async (t) => {
    const { client, secret } = await twoAgents(t)
    const image = imageOf([blob])
    await pushImage(secret, image, 'v1')
    const intruder = client('app', 'acme/secret')
    for (const reference of [image.digest, 'v1', unknown, 'none']) {
      assertRefused(await intruder.manifest('GET', reference), 403, 'DENIED', 'repository_denied')
      assert.equal((await intruder.manifest('HEAD', reference)).status, 403)
    }
    for (const each of [digest, unknown]) {
      assertRefused(await intruder.blob('GET', each), 403, 'DENIED', 'repository_denied')
      assert.equal((await intruder.blob('HEAD', each)).status, 403)
    }
    for (const path of ['tags/list', `referrers/${image.digest}`]) {
      assertRefused(await intruder.send('GET', `/v2/acme/secret/${path}`), 403, 'DENIED')
    }
  })

  test('cannot be pushed to, though it may be read', async (t) => {
    const { client, base, calls } = await twoAgents(t)
    await base.push(blob)
    const reader = client('app', 'acme/base')
    assert.deepEqual((await reader.blob('GET', digest)).bytes, blob)
    const before = calls().length
    assertRefused(await reader.post(), 403, 'DENIED', 'repository_denied')
    assertRefused(await reader.post(`?digest=${digest}`, { body: blob }), 403, 'DENIED')
    assertRefused(await reader.post(`?mount=${digest}`), 403, 'DENIED')
    assertRefused(await reader.putManifest('v1', imageOf([blob])), 403, 'DENIED')
    assert.ok(!calls().slice(before).includes('PutImage'))
  })

  test('is denied to whoever is nobody, and `/v2/` is not', async (t) => {
    const { client } = await twoAgents(t)
    const nobody = client('nobody', 'acme/app')
    assertRefused(await nobody.blob('GET', digest), 403, 'DENIED')
    assertRefused(await nobody.post(), 403, 'DENIED')
    assert.equal((await nobody.send('GET', '/v2/')).status, 200)
  })
})

test('an upload is unknown to every other agent, in a repository that both may push to', async (t) => {
  const { client } = await twoAgents(t)
  const [owner, other] = [client('app', 'acme/shared'), client('base', 'acme/shared')]
  const location = await owner.begin()
  await owner.patch(location, blob)
  assertRefused(await other.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')
  assertRefused(await other.patch(location, blob), 404, 'BLOB_UPLOAD_UNKNOWN')
  assertRefused(await other.put(location, digest), 404, 'BLOB_UPLOAD_UNKNOWN')
  assertRefused(await other.send('DELETE', location), 404, 'BLOB_UPLOAD_UNKNOWN')
  await assertPulled(owner, await owner.put(location, digest), blob)
})

describe('a manifest that names layers which were not pushed here', () => {
  test('takes them from a repository that the agent may pull', async (t) => {
    const { app, base, sandbox } = await twoAgents(t)
    const image = imageOf([blob])
    await base.push(blob)
    await app.push(image.config)
    assert.equal((await app.putManifest('v1', image)).status, 201)
    assert.deepEqual(await sandbox.layerBytes('acme/app', digest), blob)
  })

  test('is refused as if nobody had them where the agent may not pull', async (t) => {
    const { app, secret, calls } = await twoAgents(t)
    const image = imageOf([blob])
    await secret.push(blob)
    await app.push(image.config)
    const answer = await app.putManifest('v1', image)
    assertRefused(answer, 400, 'MANIFEST_BLOB_UNKNOWN', 'manifest_blob_unknown')
    assert.ok(answer.bytes.includes(digest))
    assert.ok(!calls().includes('PutImage'))
  })
})
