import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { connect, createServer as createTcpServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { startFlippingProxy } from './flipping-proxy.ts'

const upload = '/v2/team/app/blobs/uploads/1'
const offsetBytes = 3

for (const method of ['PATCH', 'PUT']) {
  test(`one bit of the body of a ${method} to an upload is flipped`, async (t) => {
    const proxy = await startFlippingProxy(t, await echoPort(t), { offsetBytes })
    const send = openConnection(t, proxy.port)
    assert.equal(await send(method, upload, ['abcdef']), 'abceef')
    assert.equal(proxy.flips(), 1)
  })
}

test('what frames the chunks of a body is neither counted nor flipped', async (t) => {
  const proxy = await startFlippingProxy(t, await echoPort(t), { offsetBytes })
  const send = openConnection(t, proxy.port)
  assert.equal(await send('PATCH', upload, ['ab', 'cdef', 'gh']), 'abceefgh')
})

test('each body of a connection is counted from its own start', async (t) => {
  const proxy = await startFlippingProxy(t, await echoPort(t), { offsetBytes })
  const send = openConnection(t, proxy.port)
  assert.equal(await send('PATCH', upload, ['a', 'b']), 'ab')
  assert.equal(await send('PATCH', upload, ['abc']), 'abc')
  assert.equal(await send('PATCH', upload, ['abcd']), 'abce')
  assert.equal(await send('PUT', upload, ['ab', 'cd']), 'abce')
  assert.equal(proxy.flips(), 2)
})

test('no more bodies are damaged than asked for', async (t) => {
  const proxy = await startFlippingProxy(t, await echoPort(t), { offsetBytes, times: 1 })
  const send = openConnection(t, proxy.port)
  assert.equal(await send('PATCH', upload, ['abcd']), 'abce')
  assert.equal(await send('PATCH', upload, ['abcd']), 'abcd')
  assert.equal(await openConnection(t, proxy.port)('PUT', upload, ['abcd']), 'abcd')
  assert.equal(proxy.flips(), 1)
})

test('whatever is no upload passes as it is', async (t) => {
  const proxy = await startFlippingProxy(t, await echoPort(t), { offsetBytes })
  const send = openConnection(t, proxy.port)
  assert.equal(await send('PUT', '/v2/team/app/manifests/v1', ['abcd']), 'abcd')
  assert.equal(await send('POST', '/v2/team/app/blobs/uploads/', ['abcd']), 'abcd')
  assert.equal(proxy.flips(), 0)
})

test('bytes that are no HTTP pass as they are, and so does their end', async (t) => {
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  const proxy = await startFlippingProxy(t, await portOf(t, server), { offsetBytes })
  const socket = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true })
  t.after(() => socket.destroy())
  socket.end('\u0016\u0003\u0001hello')
  assert.equal(await text(socket), '\u0016\u0003\u0001hello')
})

test('a connection that is broken on one side is broken on the other', async (t) => {
  const server = createTcpServer((socket) => socket.resetAndDestroy())
  const proxy = await startFlippingProxy(t, await portOf(t, server), { offsetBytes })
  const socket = connect({ host: '127.0.0.1', port: proxy.port })
  socket.resume()
  await once(socket, 'close')
})

/** Answers each request with its own body. */
function echoPort(t: TestContext): Promise<number> {
  return portOf(
    t,
    createServer((incoming, response) => incoming.pipe(response)),
  )
}

async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server[Symbol.asyncDispose]())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return address.port
}

/** Sends requests over one connection. A body of one piece has a length, others are chunked. */
function openConnection(t: TestContext, port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  return async (method: string, path: string, pieces: readonly string[]): Promise<string> => {
    const outgoing = request({ host: '127.0.0.1', port, agent, method, path })
    const answered = once(outgoing, 'response')
    if (pieces.length === 1) outgoing.end(pieces[0])
    else {
      for (const piece of pieces) outgoing.write(piece)
      outgoing.end()
    }
    const [response] = await answered
    return text(response)
  }
}
