import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { createServer, type LookupFunction, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createAgents } from '../../src/upstream/agents.ts'

/** A name that is looked up for as long as the test wants. */
function neverFound() {
  const asked = Promise.withResolvers<(error: Error) => void>()
  const lookup: LookupFunction = (_host, _options, answer) =>
    asked.resolve((error) => answer(error, ''))
  return { lookup, asked: asked.promise }
}

/** How many timers of `delayMs` run. */
function runningTimers(t: TestContext, delayMs: number): () => number {
  const { setTimeout: start, clearTimeout: stop } = globalThis
  const running = new Set<unknown>()
  const started = (...args: Parameters<typeof start>) => {
    const timer = start(...args)
    if (args[1] === delayMs) running.add(timer)
    return timer
  }
  t.mock.method(globalThis, 'setTimeout', Object.assign(started, start))
  t.mock.method(globalThis, 'clearTimeout', (timer: NodeJS.Timeout) => {
    running.delete(timer)
    stop(timer)
  })
  return () => running.size
}

function urlOf(server: Server, protocol: 'http' | 'https'): string {
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `${protocol}://127.0.0.1:${address.port}`
}

test('a connection that is not there in time fails as one that timed out', async (t) => {
  const { lookup, asked } = neverFound()
  const agents = createAgents({ lookup }, 5_000)
  t.after(agents.close)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const outgoing = plainRequest('http://nowhere.example', { agent: agents.plain }).end()
  const failed = once(outgoing, 'error')
  await asked
  t.mock.timers.tick(5_000)
  const [error] = await failed
  assert.equal(error.code, 'ETIMEDOUT')
})

test('a connection without TLS on it is not there', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const agents = createAgents({}, 50)
  t.after(agents.close)
  const [error] = await once(
    tlsRequest(urlOf(server, 'https'), { agent: agents.tls }).end(),
    'error',
  )
  assert.equal(error.code, 'ETIMEDOUT')
})

test('a connection that fails leaves no timer', async (t) => {
  const { lookup, asked } = neverFound()
  const agents = createAgents({ lookup }, 5_001)
  t.after(agents.close)
  const timers = runningTimers(t, 5_001)
  const outgoing = plainRequest('http://nowhere.example', { agent: agents.plain }).end()
  const closed = new Promise((resolve) => {
    outgoing.once('error', () => {}).once('close', resolve)
  })
  const fail = await asked
  assert.equal(timers(), 1)
  fail(new Error('There is no such name.'))
  await closed
  assert.equal(timers(), 0)
})

test('a connection that is there leaves no timer', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const agents = createAgents({ keepAlive: true }, 5_001)
  t.after(agents.close)
  const timers = runningTimers(t, 5_001)
  const outgoing = plainRequest(urlOf(server, 'http'), { agent: agents.plain }).end()
  assert.equal(timers(), 1)
  const [answer] = await once(outgoing, 'response')
  assert.equal(answer.statusCode, 204)
  assert.equal(timers(), 0)
})
