import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test, type TestContext } from 'node:test'
import { readBody } from '../../../src/upstream/registry/bounded-body.ts'
import { createHttpExchange } from '../../../src/upstream/registry/http-exchange.ts'
import { listen } from './setup.ts'

async function open(t: TestContext, listener: RequestListener) {
  const { endpoint: url } = await listen(t, listener)
  const exchange = createHttpExchange(1)
  t.after(() => exchange.close())
  return (signal: AbortSignal) => exchange.send({ method: 'GET', url, headers: {} }, signal)
}

test('a request that is given up closes its connection', async (t) => {
  const arrived = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  const send = await open(t, (_request, response) => {
    response.on('close', gone.resolve)
    arrived.resolve()
  })
  const leaving = new AbortController()
  const sent = send(leaving.signal)
  await arrived.promise
  leaving.abort()
  await assert.rejects(sent, { code: 'ECONNRESET' })
  await gone.promise
})

test('a request that was given up before is not sent', async (t) => {
  let requests = 0
  const send = await open(t, (_request, response) => {
    requests += 1
    response.end()
  })
  await assert.rejects(send(AbortSignal.abort()), { code: 'ECONNRESET' })
  const answer = await send(new AbortController().signal)
  assert.equal(answer.statusCode, 200)
  answer.resume()
  assert.equal(requests, 1)
})

test('a body that is given up closes its connection', async (t) => {
  const gone = Promise.withResolvers<void>()
  const send = await open(t, (_request, response) => {
    response.on('close', gone.resolve)
    response.write('some')
  })
  const leaving = new AbortController()
  const answer = await send(leaving.signal)
  const body = readBody(answer, 1_000, leaving.signal)
  leaving.abort()
  await assert.rejects(body, { name: 'AbortError' })
  await gone.promise
})

test('a body is read up to its limit, and no byte further than that', async (t) => {
  const send = await open(t, (_request, response) => response.end('five!'))
  const { signal } = new AbortController()
  assert.equal(String(await readBody(await send(signal), 5, signal)), 'five!')
  assert.equal(await readBody(await send(signal), 4, signal), undefined)
})

test('redirects are not followed, and nothing is decompressed', async (t) => {
  let requests = 0
  const send = await open(t, (_request, response) => {
    requests += 1
    response.writeHead(302, { location: '/elsewhere', 'content-encoding': 'gzip' }).end('no gzip')
  })
  const { signal } = new AbortController()
  const answer = await send(signal)
  assert.equal(answer.statusCode, 302)
  assert.equal(String(await readBody(answer, 100, signal)), 'no gzip')
  assert.equal(requests, 1)
})
