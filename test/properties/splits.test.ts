import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { digestOf, layerBytes } from '../support/layers.ts'
import { rawClient } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

const boundary = 'a-boundary'

/** Where a body is cut into network writes, in permille of its length. */
const cuts = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 12 })

function split(body: Buffer, permille: readonly number[]): readonly Buffer[] {
  const offsets = permille.map((at) => Math.floor((at / 1000) * body.length))
  const edges = [0, ...offsets.toSorted((one, other) => one - other), body.length]
  return edges.slice(1).map((end, index) => body.subarray(edges[index], end))
}

function asForm(layer: Buffer): Buffer {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="layer"; filename="l"\r\n\r\n`
  return Buffer.concat([Buffer.from(head), layer, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

function turnOver(bytes: Buffer, bit: number): void {
  const at = Math.floor(bit / 8)
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at)
}

const layers = fc.record({
  sizeBytes: fc.integer({ min: 1, max: 300_000 }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  isForm: fc.boolean(),
  isChunked: fc.boolean(),
  /** Which bit of the layer is turned over on the way, in permille of its bits; none when it is left whole. */
  damage: fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined }),
  cuts,
})

test('any split of a body into network writes gets the same verdict', async (t) => {
  const { port, sandbox, calls, spooledFiles } = await startService(t)
  await fc.assert(
    fc.asyncProperty(layers, async ({ sizeBytes, seed, isForm, isChunked, damage, ...rest }) => {
      sandbox.clearCalls()
      const before = await spooledFiles()
      const layer = layerBytes(sizeBytes, seed)
      const digest = digestOf(layer)
      const sent = Buffer.from(layer)
      if (damage !== undefined) turnOver(sent, Math.floor((damage / 1000) * sent.length * 8))
      const body = isForm ? asForm(sent) : sent

      const client = await rawClient(port)
      const type = isForm ? `multipart/form-data; boundary=${boundary}` : 'application/octet-stream'
      client.write(`POST /v1/layers?repository=team/app&digest=${digest} HTTP/1.1\r\n`)
      client.write(`Host: layergate\r\nContent-Type: ${type}\r\n`)
      client.write(
        isChunked ? 'Transfer-Encoding: chunked\r\n\r\n' : `Content-Length: ${body.length}\r\n\r\n`,
      )
      for (const chunk of split(body, rest.cuts)) {
        if (chunk.length === 0) continue
        if (isChunked) client.write(`${chunk.length.toString(16)}\r\n`)
        client.write(chunk)
        if (isChunked) client.write('\r\n')
        // A turn of the event loop apart, so that the kernel does not join them again.
        await new Promise(setImmediate)
      }
      if (isChunked) client.write('0\r\n\r\n')
      const answer = await client.answer()
      client.socket.destroy()

      if (damage !== undefined) {
        assert.equal(answer.body['code'], 'digest_mismatch')
        assert.deepEqual(calls(), [])
        assert.deepEqual(await spooledFiles(), before)
      } else {
        assert.equal(answer.status, 201)
        assert.deepEqual(await sandbox.layerBytes('team/app', digest), layer)
      }
    }),
    { numRuns: 60 },
  )
})
