import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf } from '../../support/layers.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { toolsSkip } from './support/archive-tools.ts'
import { mangledLayers } from './support/mangled-layers.ts'
import { openWorkshop, type Workshop } from './support/workshop.ts'

describe('what tools make of a layer on its way', { skip: toolsSkip }, () => {
  const cleanup = new AsyncDisposableStack()
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop(cleanup)
    // The same bytes each time: where a stream is cut, they may look like the end of a whole one.
    const always = '--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go=rX'
    await workshop.shell(`tar ${always} -c -C plain . | gzip -n > layer.tar.gz`)
    await workshop.shell('gzip -dc layer.tar.gz > layer.tar')
  })
  after(() => cleanup.disposeAsync())

  /** Has curl send a file under a digest, and resolves to the answer. */
  async function send({ url }: RunningService, file: string, meant: string, how: string) {
    const target = `${url}/v1/layers?repository=team/app&digest=${digestOf(await workshop.read(meant))}`
    const type = '-H "Content-Type: application/octet-stream"'
    return JSON.parse(await workshop.shell(`curl -sS ${how}${file} ${type} "${target}"`))
  }

  for (const [name, layer] of Object.entries(mangledLayers)) {
    const { line, cause, how = '--data-binary @', meant = 'layer.tar.gz', isThere } = layer
    test(`${name}: ${cause}`, async (t) => {
      const service = await startService(t)
      if (isThere) {
        const { digest } = await send(service, meant, meant, '--data-binary @')
        assert.equal(digest, digestOf(await workshop.read(meant)))
      }
      const callsBefore = service.calls().length
      await workshop.shell(`{ ${line}; } > sent`)
      const answer = await send(service, 'sent', meant, how)
      const told: Diagnosis = answer.diagnosis
      assert.deepEqual([answer.code, told.cause], ['digest_mismatch', cause], JSON.stringify(told))
      assert.equal(service.calls().length, callsBefore, 'nothing is sent to AWS')
    })
  }

  test('curl sends the layer as it is: accepted', async (t) => {
    const service = await startService(t)
    const answer = await send(service, 'layer.tar.gz', 'layer.tar.gz', '--data-binary @')
    assert.equal(answer.code, undefined)
    const { refusals } = (await service.request.get('/v1/refusals')).body
    assert.deepEqual(refusals, [])
  })
})
