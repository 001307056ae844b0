import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { startService } from '../support/service.ts'
import { goProgram } from './push/support/client.ts'
import { makeHome } from './push/support/home.ts'

const suite = goProgram('conformance')

/** ECR Public has no such calls, takes no empty layer, and knows sha256 alone. */
const switchedOff = {
  apis: { blobs: { delete: false }, manifests: { delete: false }, tags: { delete: false } },
  data: { emptyBlob: false, sha512: false },
}
const disabled = [
  'Blob delete',
  'Blob delete atomic',
  'Blobs sha512',
  'Digest Algorithm sha512',
  'Manifest delete',
  'Manifest delete atomic',
  // Manifests of which parts were never pushed; off unless it is asked for.
  'Sparse Manifests',
  'Tag Param sha512',
  'Tag delete',
  'Tag delete atomic',
]

/** What the suite tests as of a version alone, beside what is switched off. */
const versions = {
  '1.1': ['Blob upload cancel', 'Manifest put with tag params', 'Tag Param'],
  dev: [],
}

for (const [version, later] of Object.entries(versions)) {
  test(`Layergate passes OCI's conformance suite, version ${version}`, {
    skip: suite.skip,
  }, async (t) => {
    const cleanup = new AsyncDisposableStack()
    t.after(() => cleanup.disposeAsync())
    const home = await makeHome(cleanup)
    const [repo1, repo2] = ['conformance/one', 'conformance/two'] as const
    const { port } = await startService(t, { sandbox: { repositories: [repo1, repo2] } })
    const settings = { registry: `127.0.0.1:${port}`, tls: 'disabled', repo1, repo2, version }
    await writeFile(
      join(home.folder, 'oci-conformance.yaml'),
      JSON.stringify({ ...settings, ...switchedOff }),
    )

    const { exitCode, stderr } = await home.attempt(suite.path())
    assert.equal(exitCode, 0, stderr)
    const results = join(home.folder, 'results')
    const totals = totalsIn(await readFile(join(results, 'junit.xml'), 'utf8'))
    assert.deepEqual(
      { failures: totals.failures, skipped: totals.skipped },
      { failures: 0, skipped: 0 },
    )
    assert.ok(totals.tests - totals.disabled > 400)
    const { apis, data } = parse(await readFile(join(results, 'results.yaml'), 'utf8'))
    const notPassed = Object.entries({ ...apis, ...data }).filter(([, state]) => state !== 'Pass')
    assert.deepEqual(
      Object.fromEntries(notPassed),
      Object.fromEntries([...disabled, ...later].map((name) => [name, 'Disabled'])),
    )
  })
}

/** What is zero is left out. */
function totalsIn(junit: string) {
  const [element = ''] = /<testsuites [^>]*>/.exec(junit) ?? []
  const total = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(element)?.[1] ?? 0)
  return {
    tests: total('tests'),
    failures: total('failures'),
    skipped: total('skipped'),
    disabled: total('disabled'),
  }
}
