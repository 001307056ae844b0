import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createListReferrers } from '../../src/reads/list-referrers.ts'
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
  return { catalog, listReferrers: createListReferrers(catalog) }
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
    const listReferrers = createListReferrers({ referrers })
    const asked = listReferrers(target, subject, undefined, never)
    await assert.rejects(asked, codeIs(answers[failure]))
  })
}
