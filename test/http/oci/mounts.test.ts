import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { assertRefused, locationOf, ociClient } from '../../support/oci-client.ts'
import { type ServiceOptions, startService } from '../../support/service.ts'
import { evictAll, smallSpool } from './support/eviction.ts'
import { untilInEcr } from './support/in-ecr.ts'
import { assertPulled } from './support/pulled.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

/** One service with two repositories, and a client of each. */
async function twoRepositories(t: TestContext, options: ServiceOptions = {}) {
  const repositories = ['team/one', 'team/two']
  const service = await startService(t, { sandbox: { repositories }, ...options })
  const [one, two] = repositories.map((repository) => ociClient(service.url, { repository }))
  assert.ok(one && two)
  return { ...service, one, two }
}

describe('mount', () => {
  for (const [what, query] of [
    ['mount', `?mount=${digest}&from=team/two`],
    ['mount, percent-encoded', `?mount=${encodeURIComponent(digest)}&from=team%2Ftwo`],
    ['mount, from before it', `?from=team/two&mount=${digest}`],
    [
      'mount with an origin, as go-containerregistry has it',
      `?mount=${digest}&from=team/two&origin=a`,
    ],
    ['mount anonymous', `?mount=${digest}`],
    ['mount anonymous, from empty', `?mount=${digest}&from=`],
  ] as const) {
    test(`${what}: a layer of the other repository is 201, and reaches ECR Public`, async (t) => {
      const { one, two, sandbox } = await twoRepositories(t)
      await two.push(blob)
      const mounted = await one.post(query)
      assert.equal(locationOf(mounted, 201), `/v2/team/one/blobs/${digest}`)
      await assertPulled(one, mounted, blob)
      await untilInEcr(sandbox, digest, 'team/one')
      assert.deepEqual(await sandbox.layerBytes('team/one', digest), blob)
    })
  }

  test('works while the other repository still waits for AWS', async (t) => {
    const { one, two, sandbox } = await twoRepositories(t)
    sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: { kind: 'stall' } })
    await two.push(blob)
    await assertPulled(one, await one.post(`?mount=${digest}&from=team/two`), blob)
    await untilInEcr(sandbox, digest, 'team/one')
  })

  test('of a blob that this repository has already is 201, whatever from says', async (t) => {
    const { one, calls } = await twoRepositories(t)
    await one.push(blob)
    await assertPulled(one, await one.post(`?mount=${digest}&from=team/two`), blob)
    await assertPulled(one, await one.post(`?mount=${digest}`), blob)
    assert.ok(calls().filter((operation) => operation === 'InitiateLayerUpload').length <= 1)
  })

  test('of a blob that this repository has in ECR Public alone is 201', async (t) => {
    const { one, sandbox } = await twoRepositories(t, { env: smallSpool })
    await one.push(blob)
    await untilInEcr(sandbox, digest, 'team/one')
    await evictAll(one)
    assert.equal((await one.post(`?mount=${digest}`)).status, 201)
  })

  test('into a repository that ECR Public does not have is 404', async (t) => {
    const { url, two } = await twoRepositories(t)
    await two.push(blob)
    const client = ociClient(url, { repository: 'team/three' })
    const answer = await client.post(`?mount=${digest}&from=team/two`)
    assertRefused(answer, 404, 'NAME_UNKNOWN', 'repository_unknown')
  })
})

describe('mount missing', () => {
  for (const query of [
    `?mount=${digest}&from=team/two`,
    `?mount=${digest}`,
    `?mount=${digest}&from=team/nowhere`,
    `?mount=${digest}&from=TEAM//..`,
  ]) {
    test(`${query.replace(digest, 'sha256:…')} is 202, and a PUT to that session is 201`, async (t) => {
      const { one } = await twoRepositories(t)
      const answer = await one.post(query)
      const location = locationOf(answer, 202)
      assert.match(location, /^\/v2\/team\/one\/blobs\/uploads\/[0-9a-f-]{36}$/)
      assert.equal(answer.headers.get('docker-content-digest'), null)
      await assertPulled(one, await one.put(location, digest, { body: blob }), blob)
    })
  }

  test('from a repository that lacks the blob is 202, though another one has it', async (t) => {
    const repositories = ['team/one', 'team/two', 'team/three']
    const { one, two } = await twoRepositories(t, { sandbox: { repositories } })
    await two.push(blob)
    assert.equal((await one.post(`?mount=${digest}&from=team/three`)).status, 202)
  })

  test('of what is no digest is 400', async (t) => {
    const { one } = await twoRepositories(t)
    const answer = await one.post('?mount=sha256:baddigeststring&from=team/two')
    assertRefused(answer, 400, 'DIGEST_INVALID', 'digest_malformed')
  })

  test('of a layer that was evicted here is 202, and pushing it is good', async (t) => {
    const { one, two, sandbox } = await twoRepositories(t, { env: smallSpool })
    await two.push(blob)
    await untilInEcr(sandbox, digest, 'team/two')
    const filler = await evictAll(two)
    const location = locationOf(await one.post(`?mount=${digest}&from=team/two`), 202)
    await untilInEcr(sandbox, filler, 'team/two')
    await assertPulled(one, await one.put(location, digest, { body: blob }), blob)
  })
})
