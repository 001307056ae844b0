import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { ociClient } from '../../support/oci-client.ts'
import { rawClient } from '../../support/raw-http.ts'
import { startService } from '../../support/service.ts'

const blob = layerBytes(512)
const digest = digestOf(blob)

describe('Expect: 100-continue', () => {
  for (const [what, target] of [
    ['a wrong digest parameter', 'POST /v2/team/app/blobs/uploads/?digest=nonsense'],
    ['an unknown session', `PATCH /v2/team/app/blobs/uploads/${randomUUID()}`],
    ['an invalid name', 'POST /v2/Team/App/blobs/uploads/'],
    ['an invalid tag', 'PUT /v2/team/app/manifests/-not-a-tag'],
    ['a route that is not served', 'PUT /v2/nothing'],
  ] as const) {
    test(`${what} is refused before the body`, async (t) => {
      const { port } = await startService(t)
      const client = await rawClient(port)
      let received = ''
      client.socket.on('data', (text: string) => {
        received += text
      })
      client.write(
        `${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n`,
      )
      const { status, headers, body } = await client.answer()
      assert.ok(status >= 400 && status < 500)
      assert.equal(headers['connection'], 'close')
      assert.match(JSON.stringify(body), /^\{"errors":\[/)
      assert.doesNotMatch(received, /100 Continue/)
      client.socket.destroy()
    })
  }

  for (const [what, range] of [
    ['a chunk out of range', 'Content-Range: 5-14\r\n'],
    ['an encoded chunk', 'Content-Encoding: gzip\r\n'],
  ] as const) {
    test(`${what} is refused before the body`, async (t) => {
      const { port, url } = await startService(t)
      const location = await ociClient(url).begin()
      const client = await rawClient(port)
      let received = ''
      client.socket.on('data', (text: string) => {
        received += text
      })
      client.write(
        `PATCH ${location} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n${range}\r\n`,
      )
      const { status } = await client.answer()
      assert.ok(status === 416 || status === 415)
      assert.doesNotMatch(received, /100 Continue/)
      client.socket.destroy()
    })
  }

  for (const step of ['POST', 'PATCH', 'PUT'] as const) {
    test(`a ${step} that is welcome gets its 100`, async (t) => {
      const { port, url } = await startService(t)
      const location = await ociClient(url).begin()
      const path = step === 'POST' ? '/v2/team/app/blobs/uploads/' : location
      const client = await rawClient(port)
      client.write(
        `${step} ${path}?digest=${digest} HTTP/1.1\r\nHost: a\r\nContent-Length: ${blob.length}\r\nExpect: 100-continue\r\n\r\n`,
      )
      const [first] = await once(client.socket, 'data')
      assert.match(String(first), /^HTTP\/1\.1 100 Continue/)
      client.write(blob)
      assert.equal((await client.answer()).status, step === 'PATCH' ? 202 : 201)
      client.socket.destroy()
    })
  }
})
