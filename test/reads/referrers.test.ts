import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReferrers } from '../../src/reads/referrers.ts'
import { codeIs } from '../support/code-is.ts'
import { createFakeCatalog } from '../support/fake-catalog.ts'
import { upstreamError } from '../support/fake-upstream.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { answers, failures, never, targetOf } from './setup.ts'

const target = targetOf()
const subject = digestOf(layerBytes(10))
const signature = { digest: 'sha256:1', artifactType: 'application/signature', size: 1 }
const sbom = { digest: 'sha256:2', artifactType: 'application/sbom', annotations: { a: 'b' } }
const untyped = { digest: 'sha256:3' }

function setUp() {
  const catalog = createFakeCatalog()
  catalog.referring.push(signature, sbom, untyped)
  let nowMs = 0
  const referrers = createReferrers(catalog, () => new Date(nowMs))
  return {
    catalog,
    listReferrers: referrers.list,
    areListed: () => referrers.areListed(target, subject, never),
    pass(ms: number) {
      nowMs += ms
    },
  }
}

test('without a filter all referrers come, as they are', async () => {
  const { listReferrers } = setUp()
  const found = await listReferrers(target, subject, undefined, never)
  assert.deepEqual(found, [signature, sbom, untyped])
})

test('with a filter only those of exactly that type come', async () => {
  const { listReferrers } = setUp()
  const of = (artifactType: string) => listReferrers(target, subject, artifactType, never)
  assert.deepEqual(await of('application/sbom'), [sbom])
  assert.deepEqual(await of('application/SBOM'), [])
  assert.deepEqual(await of(''), [])
})

test('referrers are asked for each time', async () => {
  const { catalog, listReferrers } = setUp()
  await listReferrers(target, subject, undefined, never)
  catalog.referring.length = 0
  assert.deepEqual(await listReferrers(target, subject, undefined, never), [])
})

for (const failure of failures) {
  test(`the referrers of an upstream that is ${failure} are an error`, async () => {
    const referrers = () => Promise.reject(upstreamError(failure))
    const { list } = createReferrers({ referrers }, () => new Date())
    const asked = list(target, subject, undefined, never)
    await assert.rejects(asked, codeIs(answers[failure]))
  })
}

test('a registry without the list has none, with a filter or without', async () => {
  const { catalog, listReferrers } = setUp()
  catalog.referrers = () => Promise.resolve(undefined)
  assert.equal(await listReferrers(target, subject, undefined, never), undefined)
  assert.equal(await listReferrers(target, subject, 'application/sbom', never), undefined)
})

test('whether a registry has the list is asked once in ten minutes', async () => {
  const { catalog, areListed, pass } = setUp()
  assert.equal(await areListed(), true)
  catalog.referrers = () => Promise.resolve(undefined)
  assert.equal(await areListed(), true)
  pass(10 * 60_000)
  assert.equal(await areListed(), false)
  assert.equal(catalog.calls.length, 1)
})

test('a registry that cannot say is taken for one without the list, and asked again', async () => {
  const { catalog, areListed } = setUp()
  const { referrers } = catalog
  catalog.referrers = () => Promise.reject(upstreamError('unavailable'))
  assert.equal(await areListed(), false)
  catalog.referrers = referrers
  assert.equal(await areListed(), true)
})
