import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Findings } from '../../../src/registry/findings.ts'
import { toolsSkip } from './support/archive-tools.ts'
import { gzipForms } from './support/gzip-forms.ts'
import { opaqueForms } from './support/opaque-forms.ts'
import { tarForms } from './support/tar-forms.ts'
import { openWorkshop, type Workshop } from './support/workshop.ts'
import { zstdForms } from './support/zstd-forms.ts'

describe('what is found good', { skip: toolsSkip }, () => {
  const cleanup = new AsyncDisposableStack()
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop(cleanup)
  })
  after(() => cleanup.disposeAsync())

  /** What the tool itself finds inside, by lines that read the layer from stdin. */
  async function foundBy(inflate: string) {
    const text = await workshop.shell(`
      ${inflate} < layer > inflated
      sha256sum < inflated
      stat --format=%s inflated
      { bsdtar -tf inflated 2> /dev/null || true; } | wc --lines`)
    const [digest, sizeBytes, entries] = text.split(/\s+-?\s*/)
    return {
      diffId: `sha256:${digest}`,
      inflatedBytes: Number(sizeBytes),
      entries: Number(entries),
    }
  }

  async function inspectMade(line: string): Promise<Findings> {
    await workshop.shell(`{ ${line}; } > layer`)
    return workshop.inspect('layer')
  }

  for (const [name, line] of Object.entries(gzipForms)) {
    test(name, async () => {
      const findings = await inspectMade(line)
      const found = await foundBy('gzip -dc')
      assert.deepEqual(findings, { compression: 'gzip', contents: 'tar', ...found })
    })
  }

  for (const [name, line] of Object.entries(zstdForms)) {
    test(name, async () => {
      const findings = await inspectMade(line)
      const found = await foundBy('zstd -qdc --long=27')
      assert.deepEqual(findings, { compression: 'zstd', contents: 'tar', ...found })
    })
  }

  for (const [name, line] of Object.entries(tarForms)) {
    test(name, async () => {
      const findings = await inspectMade(line)
      const { diffId: digest, ...found } = await foundBy('cat')
      assert.deepEqual(findings, { compression: 'none', contents: 'tar', ...found })

      const compressed = await inspectMade(`{ ${line}; } | zstd -q`)
      const diffId = compressed.diffId
      assert.deepEqual(compressed, { compression: 'zstd', contents: 'tar', ...found, diffId })
      assert.ok(digest)
    })
  }

  for (const [name, line] of Object.entries(opaqueForms)) {
    test(`${name} is none of our formats, and passes as something else`, async () => {
      const findings = await inspectMade(line)
      const { size } = await stat(join(workshop.folder, 'layer'))
      assert.deepEqual(findings, { compression: 'none', contents: 'opaque', inflatedBytes: size })
    })
  }

  test('zstd --long=28 asks for more memory than a layer gets, and is not examined', async () => {
    const { unexamined, flaw } = await inspectMade('zstd -q -1 --long=28 < layer.tar')
    assert.deepEqual([unexamined, flaw], ['memory', undefined])
  })
})
