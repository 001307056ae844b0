import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import fastify from 'fastify'
import { type Access, openAccess } from '../../src/access/access.ts'
import type { Limits } from '../../src/access/policy/policy.ts'
import { type AgentLimits, createAgentLimits } from '../../src/http/agent-limits.ts'
import { shuttingDown } from '../../src/http/app.ts'
import { limitAgents } from '../../src/http/plugins/agent-limits.ts'
import { authenticate } from '../../src/http/plugins/authentication.ts'
import { answerErrors } from '../../src/http/plugins/errors.ts'
import { requestContext } from '../../src/http/plugins/request-context.ts'
import { welcomeBody } from '../../src/http/request-body.ts'
import { rawClient, type RawClient } from '../support/raw-http.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { until } from '../support/until.ts'

/** Everybody is one agent, with the limits that a test gives it. */
function accessWith(limits: Limits): Access {
  const open = openAccess({ name: 'default', registry: 'sandbox/default' })
  return { ...open, identify: async () => ({ ...(await open.identify(undefined)), limits }) }
}

interface Options {
  readonly limits: Limits
  readonly queueWaitMs?: number
}

/** Routes under the names of ours, in a scope of ours, that read their bodies to the end. */
async function startLimited(t: TestContext, { limits, queueWaitMs = 60_000 }: Options) {
  const app = fastify()
  const asking = new WeakSet<IncomingMessage>()
  app.server.on('checkContinue', (request, response) => {
    asking.add(request)
    app.routing(request, response)
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  const observer = recordingObserver()
  requestContext(app, observer, (request) => asking.has(request))
  answerErrors(app)
  const ending = new AbortController()
  const inner = createAgentLimits({ queueWaitMs, now: () => performance.now() })
  let waiting = 0
  const agentLimits: AgentLimits = {
    get agents() {
      return inner.agents
    },
    async enter(...asked) {
      waiting += 1
      try {
        return await inner.enter(...asked)
      } finally {
        waiting -= 1
      }
    },
  }
  let entered = 0
  await app.register(async (scope) => {
    authenticate(scope, accessWith(limits))
    limitAgents(scope, agentLimits, ending.signal)
    for (const operation of ['uploadLayer', 'putManifest', 'getBlob']) {
      const method = operation === 'getBlob' ? 'GET' : 'PUT'
      scope.route({
        method,
        url: `/${operation}`,
        config: { operation },
        async handler(request, reply) {
          entered += 1
          welcomeBody(request, reply)
          for await (const _ of request.raw);
          return { done: true }
        },
      })
    }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const clients: RawClient[] = []
  t.after(async () => {
    for (const { socket } of clients) socket.destroy()
    await app.close()
  })
  const { port } = new URL(app.listeningOrigin)

  return {
    ending,
    observer,
    agents: () => inner.agents,
    waiting: () => waiting,
    entered: () => entered,
    async send(operation: string, ...headers: readonly string[]): Promise<RawClient> {
      const client = await rawClient(Number(port))
      clients.push(client)
      const method = operation === 'getBlob' ? 'GET' : 'PUT'
      const head = [`${method} /${operation} HTTP/1.1`, 'Host: layergate', ...headers, '', '']
      client.write(head.join('\r\n'))
      return client
    },
  }
}

const body = 'Content-Length: 3'

test('a second upload waits until the first was answered', async (t) => {
  const { send, waiting, entered } = await startLimited(t, { limits: { uploads: 1 } })
  const first = await send('uploadLayer', body)
  await until('the first is read', () => entered() === 1)
  const second = await send('uploadLayer', 'Transfer-Encoding: chunked')
  second.write('3\r\nabc\r\n0\r\n\r\n')
  await until('the second waits', () => waiting() === 1)
  assert.equal(entered(), 1)
  first.write('abc')
  assert.equal((await first.answer()).status, 200)
  assert.equal((await second.answer()).status, 200)
})

test('an upload that waits is not told to send its body', async (t) => {
  const { send, waiting, entered } = await startLimited(t, { limits: { uploads: 1 } })
  const first = await send('uploadLayer', body)
  await until('the first is read', () => entered() === 1)
  const second = await send('uploadLayer', body, 'Expect: 100-continue')
  let received = ''
  second.socket.on('data', (text: string) => {
    received += text
  })
  await until('the second waits', () => waiting() === 1)
  assert.equal(received, '')
  first.write('abc')
  await until('the second is asked for its body', () => received.startsWith('HTTP/1.1 100'))
  second.write('abc')
  assert.equal((await second.answer()).status, 200)
})

test('a client that leaves within its upload makes room for the next', async (t) => {
  const { send, waiting, entered } = await startLimited(t, { limits: { uploads: 1 } })
  const first = await send('uploadLayer', body)
  await until('the first is read', () => entered() === 1)
  const second = await send('uploadLayer', body)
  await until('the second waits', () => waiting() === 1)
  first.socket.destroy()
  second.write('abc')
  assert.equal((await second.answer()).status, 200)
})

test('a client that leaves while it waits leaves the queue', async (t) => {
  const { send, waiting, entered, observer } = await startLimited(t, { limits: { uploads: 1 } })
  const first = await send('uploadLayer', body)
  await until('the first is read', () => entered() === 1)
  const second = await send('uploadLayer', body)
  await until('the second waits', () => waiting() === 1)
  second.socket.destroy()
  await until('the second has left', () => waiting() === 0)
  first.write('abc')
  assert.equal((await first.answer()).status, 200)
  const third = await send('uploadLayer', body)
  third.write('abc')
  assert.equal((await third.answer()).status, 200)
  assert.equal(entered(), 2)
  assert.deepEqual(
    observer.of('request_ended').map(({ status }) => status),
    [499, 200, 200],
  )
})

test('uploads that stand in the way hold up no other requests, nor bodies that are no layers', async (t) => {
  const { send, entered } = await startLimited(t, { limits: { uploads: 1 } })
  await send('uploadLayer', body)
  await until('the first is read', () => entered() === 1)
  const read = await send('getBlob')
  assert.equal((await read.answer()).status, 200)
  const empty = await send('uploadLayer', 'Content-Length: 0')
  assert.equal((await empty.answer()).status, 200)
  const manifest = await send('putManifest', body)
  manifest.write('abc')
  assert.equal((await manifest.answer()).status, 200)
})

test('who has waited too long is answered 503 with Retry-After, its body unread', async (t) => {
  const { send, entered } = await startLimited(t, { limits: { uploads: 0 }, queueWaitMs: 20 })
  const client = await send('uploadLayer', body, 'Expect: 100-continue')
  const { status, headers, body: problem } = await client.answer()
  assert.deepEqual(
    [status, headers['retry-after'], headers['connection'], problem['code'], entered()],
    [503, '10', 'close', 'agent_limited', 0],
  )
})

test('a request beyond the rate is answered once it has its turn', async (t) => {
  const { send, entered } = await startLimited(t, { limits: { requestsPerSecond: 20 } })
  const clients = await Promise.all(Array.from({ length: 22 }, () => send('getBlob')))
  for (const client of clients) assert.equal((await client.answer()).status, 200)
  assert.equal(entered(), 22)
})

test('the end of the service ends the wait', async (t) => {
  const { send, waiting, ending } = await startLimited(t, { limits: { uploads: 0 } })
  const client = await send('uploadLayer', body)
  await until('it waits', () => waiting() === 1)
  ending.abort(shuttingDown())
  const { status, body: problem } = await client.answer()
  assert.deepEqual([status, problem['code']], [503, 'shutting_down'])
})

test('an agent without limits has no state', async (t) => {
  const { send, agents } = await startLimited(t, { limits: {} })
  const client = await send('uploadLayer', body)
  client.write('abc')
  assert.equal((await client.answer()).status, 200)
  assert.equal(agents(), 0)
})

test('who may go on listens to the end of the service no more', async (t) => {
  const { send, entered, ending } = await startLimited(t, { limits: { uploads: 1 } })
  await send('uploadLayer', body)
  await until('it is read', () => entered() === 1)
  assert.deepEqual(getEventListeners(ending.signal, 'abort'), [])
})
