import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aroundPorts } from '../support/around.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { startService } from '../support/service.ts'

test('while a scrape waits for the journal, a layer comes in and is forwarded', async (t) => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  let calls = 0
  const around = aroundPorts({
    forwards: (journal) => ({
      ...journal,
      async totals() {
        calls += 1
        asked.resolve()
        if (calls === 1) await answer.promise
        return journal.totals()
      },
    }),
  })
  const { url } = await startService(t, { around })
  const scrape = fetch(`${url}/metrics`)
  await asked.promise

  const layer = layerBytes(100_000)
  const query = `repository=team/app&digest=${digestOf(layer)}`
  const push = await fetch(`${url}/v1/layers?${query}`, { method: 'POST', body: layer })
  assert.equal(push.status, 201)

  answer.resolve()
  assert.equal((await scrape).status, 200)
})
