import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { digestOf } from '../../support/layers.ts'
import { goProgram } from './support/client.ts'
import { type Home, makeHome } from './support/home.ts'
import { imageTag } from './support/image.ts'
import { layoutManifestDigest } from './support/layout.ts'
import { referenceAt, startRegistry } from './support/registry.ts'
import { testPushes } from './support/suite.ts'

const oras = goProgram('oras')

testPushes({
  name: 'oras',
  programs: [oras],
  refusal: /digest invalid: Expected sha256:/,
  repeats: false,
  open: async (home, { layout, diffIds }) => {
    const copy = ['cp', '--no-tty']
    const source = ['--from-oci-layout', `${layout}:${imageTag}`]
    return {
      diffIds,
      push: (reference) =>
        home.attempt(oras.path(), ...copy, ...source, '--to-plain-http', reference),
      async pull(reference) {
        const folder = await home.newFolder()
        const target = ['--to-oci-layout', `${folder}:${imageTag}`]
        await home.run(oras.path(), ...copy, '--from-plain-http', reference, ...target)
        return layoutManifestDigest(folder)
      },
    }
  },
})

describe('files pushed by oras', { skip: oras.skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let home: Home
  before(async () => {
    home = await makeHome(cleanup)
  })
  after(() => cleanup.disposeAsync())

  for (const [file, bytes] of [
    ['notes.txt', Buffer.from('No archive.\n')],
    ['page.html', Buffer.from('<!DOCTYPE html><title>No archive</title>')],
    ['text.gz', gzipSync('No archive.\n')],
    ['cut.gz', gzipSync('No archive.\n').subarray(0, -4)],
  ] as const) {
    test(`${file} is called a layer by default, and passes`, async (t) => {
      const { port, sandbox, request } = await startRegistry(t)
      await writeFile(join(home.folder, file), bytes)
      const reference = referenceAt(port, 'team/app')
      await home.run(oras.path(), 'push', '--no-tty', '--plain-http', reference, file)
      assert.deepEqual(await sandbox.layerBytes('team/app', digestOf(bytes)), bytes)
      assert.deepEqual((await request.get('/v1/refusals')).body.refusals, [])
      const folder = await home.newFolder()
      await home.run(oras.path(), 'pull', '--no-tty', '--plain-http', '-o', folder, reference)
      assert.deepEqual(await readFile(join(folder, file)), bytes)
    })
  }
})
