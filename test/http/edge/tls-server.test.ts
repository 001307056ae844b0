import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect as connectPlainly } from 'node:net'
import { Duplex } from 'node:stream'
import test, { type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { createTls } from '../../../src/http/tls.ts'
import { createTlsServer } from '../../../src/http/tls/tls-server.ts'
import { until } from '../../support/until.ts'
import { all, ended, portOf } from './support/sockets.ts'
import { createAuthority, needsOpenssl } from './support/certificates.ts'

async function listening(t: TestContext, handler: RequestListener) {
  const authority = await createAuthority(t)
  const tls = createTls({ ...(await authority.issue('one')), onProblem: () => {} })
  const server = createTlsServer({ ...(await tls.options()) }, handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  return { server, port: portOf(server), ca: authority.cert }
}

function handshaken(port: number, ca: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', ca })
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  return all(socket)
}

const refuseAll: RequestListener = () => assert.fail('No request is read here.')

for (const [what, bytes] of [
  ['GET', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['PATCH', 'PATCH /v2/team/app/blobs/uploads/1 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['one byte of nothing', '\0'],
] as const) {
  test(
    `${what} without TLS is answered 400 in words, and the connection ends`,
    needsOpenssl,
    async (t) => {
      const { port } = await listening(t, refuseAll)
      const socket = connectPlainly(port, '127.0.0.1')
      socket.write(bytes)
      const [head = '', body] = (await all(socket)).split('\r\n\r\n')
      assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/)
      assert.match(head, /^x-request-id: [0-9a-f-]{36}\r$/m)
      assert.match(head, /^connection: close$/m)
      assert.equal(body, 'This port speaks TLS: use https://.\n')
      assert.match(head, new RegExp(`^content-length: ${body.length}\r$`, 'm'))
    },
  )
}

test('a client that sends a whole layer without TLS still reads why', needsOpenssl, async (t) => {
  const { port } = await listening(t, refuseAll)
  const socket = connectPlainly(port, '127.0.0.1')
  socket.write('POST /v1/layers HTTP/1.1\r\nHost: a\r\nContent-Length: 33554432\r\n\r\n')
  socket.end(Buffer.alloc(32 * 1024 * 1024))
  const sent = once(socket, 'finish')
  const answer = all(socket)
  await sent
  assert.match(await answer, /^HTTP\/1\.1 400 .*This port speaks TLS/s)
})

test('a hello that comes byte by byte is a hello', needsOpenssl, async (t) => {
  const { port, ca } = await listening(t, (_request, response) => response.end('secure'))
  const relay = connectPlainly(port, '127.0.0.1').setNoDelay()
  const sent: Buffer[] = []
  const drip = new Duplex({
    read() {},
    async write(bytes: Buffer, _encoding, done) {
      sent.push(bytes)
      for (const byte of bytes) await new Promise((next) => relay.write(Buffer.of(byte), next))
      done()
    },
  })
  relay.on('data', (bytes) => drip.push(bytes)).on('end', () => drip.push(null))
  const client = connect({ socket: drip, host: '127.0.0.1', ca })
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const [answer] = await once(client, 'data')
  assert.match(String(answer), /^HTTP\/1\.1 200 /)
  assert.equal(sent[0]?.[0], 22)
  client.destroy()
  relay.destroy()
})

test(
  'clients that leave within the handshake, or do not trust us, disturb nobody',
  needsOpenssl,
  async (t) => {
    const { port, ca, server } = await listening(t, (_request, response) => response.end('secure'))
    const failures: unknown[] = []
    server.on('tlsClientError', (error) => failures.push(error))

    const left = connectPlainly(port, '127.0.0.1')
    await once(left, 'connect')
    left.resetAndDestroy()

    const cut = connectPlainly(port, '127.0.0.1')
    cut.write(Buffer.from([22, 3, 1, 2, 0, 1]))
    await once(cut, 'connect')
    cut.resetAndDestroy()

    const garbage = connectPlainly(port, '127.0.0.1').on('error', () => {})
    garbage.write(Buffer.concat([Buffer.from([22]), Buffer.alloc(500, 7)]))
    await all(garbage)

    const strange = connect({ port, host: '127.0.0.1' })
    const [error] = await once(strange, 'error').catch((thrown: unknown) => [thrown])
    assert.match(String(Object(error).code), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/)

    await until('the server noticed', () => failures.length > 0)
    assert.match(await handshaken(port, ca), /^HTTP\/1\.1 200 .*secure/s)
  },
)

test(
  'what has said nothing, or only half a hello, does not hold up the end',
  needsOpenssl,
  async (t) => {
    const { port, server } = await listening(t, refuseAll)
    const silent = connectPlainly(port, '127.0.0.1').on('error', () => {})
    const half = connectPlainly(port, '127.0.0.1').on('error', () => {})
    half.write(Buffer.from([22, 3, 1, 2, 0, 1]))
    let connections = 0
    server.on('connection', () => {
      connections += 1
    })
    await until('both are there', () => connections === 2)
    const ends = [ended(silent), ended(half), once(server, 'close')]
    server.close()
    server.closeAllConnections()
    await Promise.all(ends)
  },
)

test('a connection that says nothing is ended when its time is over', needsOpenssl, async (t) => {
  const { port, server } = await listening(t, refuseAll)
  const accepted = once(server, 'connection')
  const silent = connectPlainly(port, '127.0.0.1')
  const end = ended(silent)
  const [socket] = await accepted
  assert.equal(socket.timeout, 30_000)
  socket.emit('timeout')
  await end
})
