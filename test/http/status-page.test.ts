import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { digestOf, layerBytes } from '../support/layers.ts'
import { rawClient } from '../support/raw-http.ts'
import { type RunningService, startService } from '../support/service.ts'
import { policyOf } from '../support/policy-of.ts'
import { agentsWith, asAgent } from '../support/two-agents.ts'
import { until } from '../support/until.ts'

const layer = layerBytes(50_000)
const digest = digestOf(layer)
const target = `/v1/layers?repository=team/app&digest=${digest}`

/** `watcher` may see what the others do in team/app, and `chief` in both repositories. */
const access = agentsWith({
  builder: { push: ['team/app', 'team/other'] },
  watcher: { push: [], pull: ['team/app'], observe: true },
  chief: { push: [], pull: ['team/app', 'team/other'], observe: true },
})
const sandbox = { repositories: ['team/app', 'team/other'] }

function asBasic(token: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}` }
}

async function pageOf({ adminUrl }: RunningService, headers = {}): Promise<string> {
  const answer = await fetch(`${adminUrl}/`, { headers })
  assert.equal(answer.status, 200)
  return answer.text()
}

test('the page is HTML that nobody keeps, frames, or adds anything to', async (t) => {
  const { url } = await startService(t)
  const { status, headers } = await fetch(url)
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('referrer-policy'), 'no-referrer')
})

test('the page lets in its own style, and nothing else', async (t) => {
  const { url } = await startService(t)
  const answer = await fetch(url)
  const page = await answer.text()
  const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  assert.equal(
    answer.headers.get('content-security-policy'),
    `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
  assert.doesNotMatch(page, /<script| style=| on[a-z]+=|(?:src|href)="(?!\?|data:)/)
})

test('the page stands still where that is asked for', async (t) => {
  const { request } = await startService(t)
  assert.match((await request.get('/')).text, /http-equiv="refresh"/)
  assert.doesNotMatch((await request.get('/?refresh=off')).text, /http-equiv="refresh"/)
  assert.match((await request.get('/?refresh=on')).text, /http-equiv="refresh"/)
})

test('where the page is switched off there is none', async (t) => {
  const { request } = await startService(t, { env: { LAYERGATE_STATUS_PAGE: 'false' } })
  const answer = await request.get('/')
  assert.equal(answer.status, 404)
  assert.equal(answer.body.code, 'route_unknown')
})

test('the page answers GET alone', async (t) => {
  const { request } = await startService(t)
  const answer = await request.post('/')
  assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET'])
})

test('a browser asks its user who that is, and takes the token as the password', async (t) => {
  const { env } = await policyOf(t, {
    builder: { push: ['team/app'] },
    watcher: { push: [], pull: ['team/app'], observe: true },
  })
  const { url } = await startService(t, { env })
  const refused = await fetch(`${url}/?refresh=off`)
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('www-authenticate'), 'Basic realm="layergate"')
  assert.equal((await fetch(url, { headers: asBasic('watcher') })).status, 200)
  const builder = await fetch(url, { headers: asBasic('builder') })
  assert.equal(builder.status, 403)
  assert.equal(builder.headers.get('www-authenticate'), null)
})

test('whoever may observe sees what lies in repositories that they may pull, and of the rest numbers', async (t) => {
  const service = await startService(t, { access, sandbox })
  const { url } = service
  const other = layerBytes(50_000, 2)
  const headers = asAgent('builder')
  const push = (path: string, body: Uint8Array) =>
    fetch(`${url}${path}`, { method: 'POST', headers, body })
  await push(target, layer)
  await push(`/v1/layers?repository=team/other&digest=${digestOf(other)}`, other)
  await push(target, other)
  await push(`/v1/layers?repository=team/other&digest=${digest}`, other)

  await until('all of it is told', async () => {
    const page = await pageOf(service, asAgent('chief'))
    return page.includes('Forwarded</b>') && page.split('>other_layer</code>').length === 3
  })
  const all = await pageOf(service, asAgent('chief'))
  assert.match(all, /team\/other/)
  assert.doesNotMatch(all, /may not pull/)
  const some = await pageOf(service, asAgent('watcher'))
  assert.match(some, /team\/app/)
  assert.doesNotMatch(some, /team\/other/)
  assert.match(some, /And 1 more, some of them in repositories that you may not pull\./)
})

test('on a port of their own operators see everything, and are not asked who they are', async (t) => {
  const service = await startService(t, { access, sandbox, env: { LAYERGATE_ADMIN_PORT: '0' } })
  const headers = asAgent('builder')
  await fetch(`${service.url}${target}`, { method: 'POST', headers, body: layer })
  await until('it is told', async () => (await pageOf(service)).includes(digest))
  assert.equal((await fetch(service.url)).status, 404)
  assert.doesNotMatch(await pageOf(service), /you are/)
})

test('a layer that comes in is on the page with what is here of it, until it is all here', async (t) => {
  const service = await startService(t)
  const client = await rawClient(service.port)
  const head = `Host: layergate\r\nContent-Length: ${layer.length}\r\n\r\n`
  client.write(`POST ${target} HTTP/1.1\r\n${head}`)
  client.socket.write(layer.subarray(0, 10_240))
  const receiving = /id="receiving".*sha256:[a-f0-9]{64}.*10\.0 KiB of 48\.8 KiB/s
  await until('it is seen', async () => receiving.test(await pageOf(service)))
  client.socket.write(layer.subarray(10_240))
  await until('it is gone', async () =>
    /Nothing is being received\..*Forwarded<\/b>/s.test(await pageOf(service)),
  )
})

test('however many look at the page, what it tells is read once', async (t) => {
  let reads = 0
  const service = await startService(t, {
    around(name, port) {
      if (name !== 'refusals') return port
      return new Proxy(port, {
        get(of, key, ...rest) {
          if (key === 'latest') reads += 1
          return Reflect.get(of, key, ...rest)
        },
      })
    },
  })
  await Promise.all(Array.from({ length: 20 }, () => pageOf(service)))
  assert.ok(reads > 0 && reads < 20)
})

for (const origin of ['https://elsewhere.example', 'null']) {
  test(`what a page from ${origin} has a browser post is refused, whatever token the browser has`, async (t) => {
    const service = await startService(t, { access })
    const headers = { ...asAgent('builder'), origin }
    for (const [method, path] of [
      ['POST', target],
      ['POST', '/v2/team/app/blobs/uploads/'],
      ['PUT', '/v2/team/app/manifests/v1'],
    ] as const) {
      const answer = await fetch(`${service.url}${path}`, { method, headers, body: layer })
      assert.equal(answer.status, 400)
      assert.match(await answer.text(), /Pages of a browser may push nothing/)
    }
    assert.deepEqual(await service.spooledFiles(), [])
    assert.deepEqual(service.calls(), [])
    const state = await fetch(`${service.url}/v2/`, { headers })
    assert.equal(state.status, 200)
  })
}
