import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { locationOf, type OciAnswer, type OciClient, ociClient } from '../../support/oci-client.ts'
import { policyOf } from '../../support/policy-of.ts'
import { startService } from '../../support/service.ts'
import { asAgent } from '../../support/two-agents.ts'
import { imageOf, type SomeImage, pushImage } from '../oci/support/images.ts'

const mine = 'acme/app'
const secret = 'acme/secret'
const blob = layerBytes(512)
const secretImage = imageOf([blob])
/** Of the same form, and nowhere at all. */
const noBlob = layerBytes(512, 2)
const noImage = imageOf([noBlob])

interface Thing {
  readonly layer: string
  readonly image: SomeImage
}

const theirs: Thing = { layer: digestOf(blob), image: secretImage }
const nobodys: Thing = { layer: digestOf(noBlob), image: noImage }

/** `a` may push to acme/app; `b` has an image in acme/secret, and was refused a layer there. */
async function setup(t: TestContext) {
  const { env } = await policyOf(t, { a: { push: [mine] }, b: { push: [secret] } })
  const service = await startService(t, { env, sandbox: { repositories: [mine, secret] } })
  const client = (agent: string, repository: string) =>
    ociClient(service.url, { repository, headers: asAgent(agent) })
  const b = client('b', secret)
  await pushImage(b, secretImage, 'v1')
  const wrong = await b.put(await b.begin(), digestOf(noBlob), { body: blob.subarray(1) })
  assert.equal(wrong.status, 400)
  return { ...service, client, b }
}

const ofOneRequest = new Set(['x-request-id', 'docker-upload-uuid', 'date'])
const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** An answer without what names the request, and with one name for what was asked about. */
function seen({ status, headers, bytes }: OciAnswer, { layer, image }: Thing) {
  const blind = (text: string) =>
    text
      .replaceAll(layer, '<layer>')
      .replaceAll(image.digest, '<image>')
      .replaceAll(digestOf(image.config), '<config>')
      .replaceAll(/uploads\/[\w-]+/g, 'uploads/<id>')
      .replaceAll(uuids, '<id>')
  const kept = [...headers].filter(([name]) => !ofOneRequest.has(name))
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, blind(value)])),
    text: blind(bytes.toString()),
  }
}

type Question = (a: OciClient, repository: string, thing: Thing) => Promise<OciAnswer>

const questions: Readonly<Record<string, Question>> = {
  'HEAD of a layer': (a, _, { layer }) => a.blob('HEAD', layer),
  'GET of a layer': (a, _, { layer }) => a.blob('GET', layer),
  'a mount with from': (a, _, { layer }) => a.post(`?mount=${layer}&from=${secret}`),
  'a mount without from': (a, _, { layer }) => a.post(`?mount=${layer}`),
  'HEAD of a manifest by digest': (a, _, { image }) => a.manifest('HEAD', image.digest),
  'GET of a manifest by digest': (a, _, { image }) => a.manifest('GET', image.digest),
  'a manifest that names the layer': (a, _, { image }) => a.putManifest('v1', image),
  'referrers of the image': (a, name, { image }) =>
    a.send('GET', `/v2/${name}/referrers/${image.digest}`),
  'the state of a layer': (a, name, { layer }) =>
    a.send('GET', `/v1/layers/${layer}?repository=${name}`),
  'an upload of a part of the layer under its digest': async (a, _, { layer }) => {
    const begun = await a.post()
    if (begun.status !== 202) return begun
    return a.put(locationOf(begun, 202), layer, { body: blob.subarray(0, 511) })
  },
}

for (const repository of [mine, secret]) {
  const where = repository === mine ? 'its own repository' : 'the repository of the other'
  describe(`an agent that asks in ${where}`, () => {
    for (const [what, ask] of Object.entries(questions)) {
      test(`${what}: is answered as about a digest that exists nowhere`, async (t) => {
        const { client } = await setup(t)
        const a = client('a', repository)
        const answer = seen(await ask(a, repository, theirs), theirs)
        assert.deepEqual(answer, seen(await ask(a, repository, nobodys), nobodys))
        assert.ok(answer.status === 202 || answer.status >= 400 || what.startsWith('referrers'))
        if (repository === secret) assert.equal(answer.status, 403)
      })
    }
  })
}

test('a repository of others and one that does not exist are denied in the same words', async (t) => {
  const { client } = await setup(t)
  const none = 'acme/nobody'
  for (const path of ['tags/list', 'manifests/v1', `blobs/${theirs.layer}`]) {
    const [real, made] = await Promise.all(
      [secret, none].map(async (name) => {
        const answer = await client('a', name).send('GET', `/v2/${name}/${path}`)
        const { headers, ...rest } = seen(answer, theirs)
        const { 'content-length': _, ...others } = headers
        return { status: rest.status, headers: others, text: rest.text.replaceAll(name, '<name>') }
      }),
    )
    assert.equal(real?.status, 403)
    assert.deepEqual(real, made)
  }
})

test('an upload of the other cannot be seen, continued, ended or cancelled in either repository', async (t) => {
  const { client, b } = await setup(t)
  const location = await b.begin()
  locationOf(await b.patch(location, blob), 202)
  const id = location.split('/').at(-1)
  for (const [repository, status] of [
    [mine, 404],
    [secret, 403],
  ] as const) {
    const a = client('a', repository)
    const there = `/v2/${repository}/blobs/uploads/${id}`
    assert.equal((await a.send('GET', there)).status, status)
    assert.equal((await a.patch(there, blob)).status, status)
    assert.equal((await a.put(there, theirs.layer)).status, status)
    assert.equal((await a.send('DELETE', there)).status, status)
  }
  locationOf(await b.put(location, theirs.layer), 201)
})

async function listed(who: OciClient, query = ''): Promise<unknown> {
  const { bytes } = await who.send('GET', `/v1/refusals${query}`)
  return JSON.parse(bytes.toString()).refusals.length
}

test('refusals of the other are told to who may pull there alone', async (t) => {
  const { client, b } = await setup(t)
  const a = client('a', mine)
  assert.deepEqual([await listed(a), await listed(a, `?repository=${mine}`)], [0, 0])
  assert.equal((await a.send('GET', `/v1/refusals?repository=${secret}`)).status, 403)
  assert.equal(await listed(b), 1)
})

test('a token that was asked for the repository of the other opens nothing of it', async (t) => {
  const { client, url } = await setup(t)
  const scope = `scope=repository:${secret}:pull,push&scope=repository:${mine}:pull,push`
  const given = await client('a', mine).send('GET', `/token?${scope}`)
  assert.equal(given.status, 200)
  const { token } = JSON.parse(given.bytes.toString())
  assert.ok(!Buffer.from(token.split('.')[1], 'base64url').includes(secret))
  const headers = { authorization: `Bearer ${token}` }
  const there = ociClient(url, { repository: secret, headers })
  assert.equal((await there.blob('HEAD', theirs.layer)).status, 403)
  assert.equal((await there.post()).status, 403)
  await ociClient(url, { repository: mine, headers }).push(layerBytes(100))
})
