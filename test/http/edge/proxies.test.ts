import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { LayergateError } from '../../../src/registry/errors.ts'
import { type RunningService, startService } from '../../support/service.ts'
import { exchange } from './support/exchange.ts'

/** Sends every client to where it gets a token. */
async function challenging(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  return startService(t, {
    env,
    access: () => ({
      isOpen: false,
      async identify() {
        throw new LayergateError('credentials_missing', 'Nobody was named.')
      },
    }),
  })
}

const trusted = { LAYERGATE_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' }

interface Seen {
  readonly realm: string
  /** As the log, and whatever else looks on, is told. */
  readonly remoteAddress: unknown
}

async function seen(service: RunningService, ...headers: readonly string[]): Promise<Seen> {
  const before = service.logs().length
  const request = ['GET /v2/ HTTP/1.1', ...headers, 'Connection: close', '', ''].join('\r\n')
  const { statuses, text } = await exchange(service.port, request)
  assert.deepEqual(statuses, [401], text)
  const challenges = [...text.matchAll(/^www-authenticate: (.*)\r$/gim)].map(([, one]) => one)
  assert.equal(challenges.length, 1)
  const [, realm = ''] =
    /^Bearer realm="([^"]*)",service="layergate"$/.exec(challenges[0] ?? '') ?? []
  const denied = service
    .logs()
    .slice(before)
    .find(({ msg }) => String(msg).startsWith('request denied'))
  return { realm, remoteAddress: denied?.['remoteAddress'] }
}

const forwarded = [
  'Host: inside:8080',
  'X-Forwarded-For: 203.0.113.9',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: registry.example',
]

test('without trusted proxies no header of theirs counts', async (t) => {
  const service = await challenging(t)
  const { realm, remoteAddress } = await seen(service, ...forwarded)
  assert.equal(realm, 'http://inside:8080/token')
  assert.equal(remoteAddress, '127.0.0.1')
})

test('with others than the hop that sent it, they do not count either', async (t) => {
  const service = await challenging(t, { LAYERGATE_TRUSTED_PROXIES: '10.0.0.0/8, ::1' })
  const { realm, remoteAddress } = await seen(service, ...forwarded)
  assert.equal(realm, 'http://inside:8080/token')
  assert.equal(remoteAddress, '127.0.0.1')
})

test('those of a trusted hop say where the request came from, and how it was sent', async (t) => {
  const service = await challenging(t, trusted)
  const { realm, remoteAddress } = await seen(service, ...forwarded)
  assert.equal(realm, 'https://registry.example/token')
  assert.equal(remoteAddress, '203.0.113.9')
})

test('a trusted network is trusted as a whole', async (t) => {
  const service = await challenging(t, { LAYERGATE_TRUSTED_PROXIES: '127.0.0.0/8' })
  assert.equal((await seen(service, ...forwarded)).remoteAddress, '203.0.113.9')
})

for (const [chain, client] of [
  ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9, 10.0.0.7', '203.0.113.9'],
  ['10.0.0.9, 203.0.113.9, 10.0.0.7', '203.0.113.9'],
  ['127.0.0.1, 203.0.113.9', '203.0.113.9'],
  ['10.0.0.7', '10.0.0.7'],
] as const) {
  test(`of X-Forwarded-For: ${chain}, the last that is no proxy of ours counts`, async (t) => {
    const service = await challenging(t, trusted)
    const { remoteAddress } = await seen(service, 'Host: a', `X-Forwarded-For: ${chain}`)
    assert.equal(remoteAddress, client)
  })
}

test('what a client put in front of the headers of a proxy does not count', async (t) => {
  const service = await challenging(t, trusted)
  const { realm } = await seen(
    service,
    'Host: inside',
    'X-Forwarded-Host: evil.example, registry.example',
    'X-Forwarded-Proto: http, https',
  )
  assert.equal(realm, 'https://registry.example/token')
})

test('a port is part of X-Forwarded-Host, and counts nowhere else', async (t) => {
  const service = await challenging(t, trusted)
  const host = 'X-Forwarded-Host: registry.example:8443'
  const port = 'X-Forwarded-Port: 9999'
  assert.equal((await seen(service, 'Host: a', host)).realm, 'http://registry.example:8443/token')
  assert.equal((await seen(service, 'Host: a:80', port)).realm, 'http://a/token')
})

test('Forwarded counts for nothing, whoever sent it', async (t) => {
  const service = await challenging(t, trusted)
  const header = 'Forwarded: for=203.0.113.9;proto=https;host=registry.example'
  const { realm, remoteAddress } = await seen(service, 'Host: inside', header)
  assert.equal(realm, 'http://inside/token')
  assert.equal(remoteAddress, '127.0.0.1')
})

test('LAYERGATE_PUBLIC_URL counts more than what any request says', async (t) => {
  const service = await challenging(t, {
    ...trusted,
    LAYERGATE_PUBLIC_URL: 'https://layergate.example',
  })
  assert.equal((await seen(service, ...forwarded)).realm, 'https://layergate.example/token')
})

const noHosts = [
  'a"b',
  'a",error="x',
  'a b',
  'a\tb',
  'a/path',
  'user@a',
  'user:word@a',
  'a?query',
  'a#part',
  'a\\b',
  'a%22b',
  'a,b',
  "a'b",
  'a<b>',
  '\xe9',
  '[::1',
  'a:b',
  'a:99999',
  '..',
  ':80',
  '',
]

for (const host of noHosts) {
  test(`the Host ${JSON.stringify(host)} never gets into the challenge`, async (t) => {
    const service = await challenging(t)
    const { realm } = await seen(service, `Host: ${host}`)
    assert.equal(realm, `http://127.0.0.1:${service.port}/token`)
  })

  test(`nor does X-Forwarded-Host: ${JSON.stringify(host)} of a trusted hop`, async (t) => {
    const service = await challenging(t, trusted)
    const { realm } = await seen(service, 'Host: inside', `X-Forwarded-Host: ${host}`)
    // What is no value at all is no header.
    const ours = `http://127.0.0.1:${service.port}/token`
    assert.ok([ours, 'http://inside/token', 'http://b/token'].includes(realm), realm)
  })
}

for (const scheme of [
  'javascript',
  'ftp',
  'ht tp',
  '"',
  'https"',
  'https://evil',
  'file',
  '1',
  '',
]) {
  test(`X-Forwarded-Proto: ${JSON.stringify(scheme)} is no way to speak to us`, async (t) => {
    const service = await challenging(t, trusted)
    const { realm } = await seen(service, 'Host: inside', `X-Forwarded-Proto: ${scheme}`)
    assert.ok(
      ['http://inside/token', `http://127.0.0.1:${service.port}/token`].includes(realm),
      realm,
    )
  })
}
