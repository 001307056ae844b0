import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { startService } from '../../support/service.ts'
import { inPieces } from './support/push-ways.ts'
import { assertOutOfRange } from './support/standing.ts'

describe('Content-Range garbage', () => {
  for (const range of [
    '',
    '-',
    '0-',
    '-9',
    '9-0',
    'x-y',
    '0-9x',
    '0-9,10-19',
    '0-9/10',
    'bytes=0-9',
    'bytes 0-9/10',
    '0x0-0x9',
    '+0-9',
    '0.0-9',
    '00000000000000000-9',
    '0-99999999999999999999',
  ]) {
    test(`${JSON.stringify(range)} is 416, and nothing is stored`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const location = await client.begin()
      const answer = await client.patch(location, layerBytes(10), { 'content-range': range })
      await assertOutOfRange(client, answer, location, '0-0')
    })
  }

  test('a unit in front, as RFC 9110 has it, is let pass', async (t) => {
    const { url } = await startService(t)
    const client = ociClient(url)
    const headers = { 'content-range': 'bytes 0-9' }
    const answer = await client.patch(await client.begin(), layerBytes(10), headers)
    assert.equal(answer.headers.get('range'), '0-9')
  })

  for (const range of ['0-8', '0-10']) {
    test(`ten bytes under the range ${range} are 416, and nothing is stored`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const location = await client.begin()
      const answer = await client.patch(location, layerBytes(10), { 'content-range': range })
      await assertOutOfRange(client, answer, location, '0-0')
    })

    test(`ten bytes in chunks under the range ${range} are 416, and nothing is stored`, async (t) => {
      const { url } = await startService(t)
      const client = ociClient(url)
      const location = await client.begin()
      const body = inPieces(layerBytes(10))
      const answer = await client.patch(location, body, { 'content-range': range })
      await assertOutOfRange(client, answer, location, '0-0')
    })
  }
})
