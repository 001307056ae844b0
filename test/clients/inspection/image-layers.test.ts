import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { inspectFile } from '../../../src/inspect/inspect-file.ts'
import { defaultLimits } from '../../../src/inspect/limits.ts'
import type { Compression } from '../../../src/registry/findings.ts'
import { digestOf } from '../aws/layer.ts'
import { toolsSkip } from './support/archive-tools.ts'
import { estargzOf } from './support/estargz.ts'
import {
  type ImageFiles,
  readDirTransport,
  readDockerArchive,
  readOciLayout,
} from './support/image-files.ts'
import { openWorkshop, type Workshop } from './support/workshop.ts'

const store = '--root storage --runroot run --storage-driver vfs'

describe('the layers of an image are good', { skip: toolsSkip }, () => {
  const cleanup = new AsyncDisposableStack()
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop(cleanup)
    await workshop.write('Dockerfile', Buffer.from('FROM scratch\nCOPY plain /\nCOPY tree /tree\n'))
    await workshop.shell(`buildah ${store} build --layers --quiet --tag app:v1 .`)
    await workshop.shell(`buildah ${store} push --quiet app:v1 oci:built:v1`)
  })
  after(() => cleanup.disposeAsync())

  const inWorkshop = (name: string) => join(workshop.folder, name)

  for (const program of ['buildah', 'podman']) {
    for (const format of ['gzip', 'zstd', 'zstd:chunked']) {
      test(`as ${program} pushes it, ${format}`, async () => {
        const layout = `${program}-${format.replace(':', '-')}`
        await workshop.shell(
          `${program} ${store} push --quiet --compression-format ${format} app:v1 oci:${layout}:v1`,
        )
        const compression = format === 'gzip' ? 'gzip' : 'zstd'
        await assertGood(await readOciLayout(inWorkshop(layout)), compression)
      })
    }
  }

  for (const format of ['gzip', 'zstd', 'zstd:chunked']) {
    test(`as skopeo copies it, ${format}`, async () => {
      const folder = `skopeo-${format.replace(':', '-')}`
      const options = `--insecure-policy --dest-compress --dest-compress-format ${format}`
      await workshop.shell(
        `skopeo copy --quiet --dest-decompress ${policy} oci:built:v1 dir:plain-dir`,
      )
      await workshop.shell(`skopeo copy --quiet ${options} dir:plain-dir dir:${folder}`)
      const compression = format === 'gzip' ? 'gzip' : 'zstd'
      await assertGood(await readDirTransport(inWorkshop(folder)), compression)
    })
  }

  test('as skopeo unpacks it', async () => {
    await workshop.shell(
      `skopeo copy --quiet ${policy} --dest-decompress oci:built:v1 dir:unpacked`,
    )
    await assertGood(await readDirTransport(inWorkshop('unpacked')), 'none')
  })

  test('as podman saves it for docker', async () => {
    await workshop.shell(`podman ${store} save --quiet --format docker-archive -o saved.tar app:v1`)
    await workshop.shell('mkdir saved; tar -xf saved.tar -C saved')
    await assertGood(await readDockerArchive(inWorkshop('saved')), 'none')
    const archive = await workshop.inspect('saved.tar')
    assert.deepEqual([archive.contents, archive.flaw], ['tar', undefined])
  })

  test('as podman saves it in an OCI archive', async () => {
    await workshop.shell(`podman ${store} save --quiet --format oci-archive -o oci.tar app:v1`)
    await workshop.shell('mkdir oci; tar -xf oci.tar -C oci')
    await assertGood(await readOciLayout(inWorkshop('oci')), 'gzip')
    const archive = await workshop.inspect('oci.tar')
    assert.deepEqual([archive.contents, archive.flaw], ['tar', undefined])
  })

  test('as eStargz lays it out, a member for each of thousands of files', async () => {
    const files = Array.from({ length: 3000 }, (_, index) => [`srv/${index}`, `file ${index}\n`])
    const layer = estargzOf(Object.fromEntries(files))
    await workshop.write('estargz', layer)
    await workshop.shell('gzip -t < estargz; gzip -dc < estargz | tar -t | tail -1')
    const inflated = gunzipSync(layer)
    assert.deepEqual(await workshop.inspect('estargz'), {
      compression: 'gzip',
      contents: 'tar',
      inflatedBytes: inflated.length,
      entries: 3002,
      diffId: digestOf(inflated),
    })
  })
})

const policy = '--insecure-policy'

async function assertGood({ layers, diffIds }: ImageFiles, compression: Compression) {
  assert.equal(layers.length, 2)
  for (const [index, path] of layers.entries()) {
    const findings = await inspectFile(path, defaultLimits)
    assert.equal(findings.flaw, undefined)
    assert.equal(findings.unexamined, undefined)
    assert.equal(findings.contents, 'tar')
    assert.equal(findings.compression, compression)
    // What is not compressed has no digest but its own.
    assert.equal(findings.diffId ?? digestOf(await readFile(path)), diffIds[index])
  }
}
