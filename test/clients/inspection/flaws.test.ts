import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { toolsSkip } from './support/archive-tools.ts'
import { brokenLayers } from './support/broken-layers.ts'
import { pullByPodman } from './support/podman-pull.ts'
import { unusableLayers } from './support/unusable-layers.ts'
import { openWorkshop, type Workshop } from './support/workshop.ts'

describe('what is refused', { skip: toolsSkip }, () => {
  const cleanup = new AsyncDisposableStack()
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop(cleanup)
  })
  after(() => cleanup.disposeAsync())

  for (const [name, { line, damage, cause, problem }] of Object.entries(brokenLayers)) {
    test(name, async () => {
      await workshop.shell(`{ ${line}; } > good`)
      assert.equal((await workshop.inspect('good')).flaw, undefined, 'before it was broken')
      await workshop.write('broken', damage(await workshop.read('good')))
      const { flaw } = await workshop.inspect('broken')
      assert.deepEqual([flaw?.cause, flaw?.evidence['problem']], [cause, problem])
    })
  }

  for (const [name, { line, cause, problem }] of Object.entries(unusableLayers)) {
    test(`${name}: podman does not pull it either`, async () => {
      await workshop.shell(`{ ${line}; } > layer`)
      const { flaw } = await workshop.inspect('layer')
      assert.deepEqual([flaw?.cause, flaw?.evidence['problem']], [cause, problem])
      assert.notEqual((await pullByPodman(workshop, 'layer')).exitCode, 0)
    })
  }

  test('while podman pulls what is good', async () => {
    await workshop.shell('tar -c -C plain etc | gzip > layer')
    assert.equal((await workshop.inspect('layer')).flaw, undefined)
    const { exitCode, stderr } = await pullByPodman(workshop, 'layer')
    assert.equal(exitCode, 0, stderr)
  })
})
