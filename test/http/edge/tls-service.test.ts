import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect as connectPlainly } from 'node:net'
import test, { type TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import {
  type Authority,
  createAuthority,
  type Issued,
  needsOpenssl,
} from './support/certificates.ts'
import { all } from './support/sockets.ts'

const layer = layerBytes(300_000)
const digest = digestOf(layer)
const head = [
  `POST /v1/layers?repository=team/app&digest=${digest} HTTP/1.1`,
  'Host: layergate',
  `Content-Length: ${layer.length}`,
  'Connection: close',
  '',
  '',
].join('\r\n')

interface Secured extends RunningService {
  readonly authority: Authority
  readonly pair: Issued
  connect(): Promise<TLSSocket>
}

async function secured(t: TestContext, days?: number): Promise<Secured> {
  const authority = await createAuthority(t)
  const pair = await authority.issue('one', days)
  const env = { LAYERGATE_TLS_CERT: pair.certFile, LAYERGATE_TLS_KEY: pair.keyFile }
  const service = await startService(t, { env })
  return {
    ...service,
    authority,
    pair,
    async connect() {
      const { port } = service
      const options = { port, host: '127.0.0.1', ca: authority.cert, rejectUnauthorized: false }
      const socket = connect(options)
      await once(socket, 'secureConnect')
      t.after(() => socket.destroy())
      return socket
    },
  }
}

test('a layer is pushed over TLS', needsOpenssl, async (t) => {
  const service = await secured(t)
  const socket = await service.connect()
  assert.ok(socket.authorized)
  const answer = all(socket)
  socket.write(head)
  socket.write(layer)
  assert.match(await answer, /^HTTP\/1\.1 201 /)
  assert.ok(service.calls().includes('CompleteLayerUpload'))
})

test(
  'a pair that is renewed in the middle of a push does not disturb it',
  needsOpenssl,
  async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const service = await secured(t)
    const { authority, pair, logs } = service
    const socket = await service.connect()
    const answer = all(socket)
    socket.write(head)
    socket.write(layer.subarray(0, 100_000))
    await until('the push is under way', async () => (await service.spooledFiles()).length > 0)

    const two = await authority.issue('two')
    await writeFile(pair.certFile, two.cert)
    await writeFile(pair.keyFile, two.key)
    t.mock.timers.tick(10_000)
    await until('it is renewed', () => logs().some(({ subject }) => subject === 'CN=two'))
    const next = await service.connect()
    assert.equal(next.getPeerCertificate().subject.CN, 'two')

    socket.write(layer.subarray(100_000))
    assert.match(await answer, /^HTTP\/1\.1 201 /)
  },
)

test('an expired certificate is served, and stands in the log', needsOpenssl, async (t) => {
  const service = await secured(t, -1)
  const socket = await service.connect()
  assert.equal(socket.authorizationError, 'CERT_HAS_EXPIRED')
  const told = service.logs().filter(({ err }) => / expired 20/.test(String(Object(err).message)))
  assert.equal(told.length, 1)
})

test(
  'what speaks no TLS is answered in words, and none of it is read as a request',
  needsOpenssl,
  async (t) => {
    const service = await secured(t)
    const socket = connectPlainly(service.port, '127.0.0.1')
    socket.end(head)
    assert.match(await all(socket), /^HTTP\/1\.1 400 .*This port speaks TLS/s)
    assert.deepEqual(await service.spooledFiles(), [])
    assert.ok(!service.logs().some(({ msg }) => msg === 'request_ended'))
  },
)

test('a client that does not trust the certificate disturbs nobody', needsOpenssl, async (t) => {
  const service = await secured(t)
  const strange = connect({ port: service.port, host: '127.0.0.1' })
  await all(strange)
  const socket = await service.connect()
  const answer = all(socket)
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(await answer, /^HTTP\/1\.1 200 /)
})

test('bytes within TLS that are no HTTP get a problem as their answer', needsOpenssl, async (t) => {
  const service = await secured(t)
  const socket = await service.connect()
  const answer = all(socket)
  socket.write('\0\0\0\0 HTTP\r\n\r\n')
  assert.match(await answer, /^HTTP\/1\.1 400 .*"code":"request_invalid"/s)
})

test('a TLS hello to a port without TLS is answered 400 in plain HTTP', async (t) => {
  const { port } = await startService(t)
  const socket = connectPlainly(port, '127.0.0.1')
  // The beginning of a real one: record, handshake, ClientHello, version.
  socket.write(Buffer.from('16030100f8010000f40303', 'hex'))
  socket.write(Buffer.alloc(200, 1))
  assert.match(await all(socket), /^HTTP\/1\.1 400 Bad Request\r\n.*"code":"request_invalid"/s)
})
