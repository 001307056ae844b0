import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { fetchJson, isTrustworthy } from '../../../src/access/credentials/key-server.ts'
import { json, keysPath, startOidcIssuer } from '../../support/oidc-issuer.ts'

const timeoutMs = 2_000

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'layergate-ca-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

const redirectTo = (location: string) => (_request: unknown, response: ServerAnswer) => {
  response.writeHead(302, { location })
  response.end()
}
interface ServerAnswer {
  writeHead(status: number, headers: Record<string, string>): unknown
  end(): unknown
}

/** A certificate for localhost that signs itself: its own authority. */
async function ownAuthority(path: string) {
  const [cert, key] = [join(path, 'ca.pem'), join(path, 'ca.key')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', cert]
  const options = ['req', '-x509', '-days', '2', ...curve, ...subject, ...files]
  await promisify(execFile)('openssl', options)
  return { caFile: cert, cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}

test('JSON is read', async (t) => {
  const { url, keys } = await startOidcIssuer(t)
  const found = await fetchJson(new URL(url + keysPath), { timeoutMs })
  assert.deepEqual(found, { keys: keys() })
})

test('a private authority is trusted where the policy names it, and nowhere else', async (t) => {
  const { caFile, ...tls } = await ownAuthority(await folder(t))
  const { url, keys } = await startOidcIssuer(t, { tls })
  const at = new URL(url + keysPath)
  assert.deepEqual(await fetchJson(at, { timeoutMs, caFile }), { keys: keys() })
  await assert.rejects(fetchJson(at, { timeoutMs }), /self-signed certificate/)
})

test('another authority than the named one is not trusted', async (t) => {
  const path = await folder(t)
  const tls = await ownAuthority(path)
  const { url } = await startOidcIssuer(t, { tls })
  const other = await ownAuthority(await folder(t))
  await assert.rejects(
    fetchJson(new URL(url + keysPath), { timeoutMs, caFile: other.caFile }),
    /certificate/,
  )
})

test('the token is read anew each time, and sent', async (t) => {
  const { url, requests } = await startOidcIssuer(t)
  const tokenFile = join(await folder(t), 'token')
  for (const token of ['first', 'second']) {
    await writeFile(tokenFile, `${token}\n`)
    await fetchJson(new URL(url + keysPath), { timeoutMs, tokenFile })
  }
  assert.deepEqual(
    requests.map(({ headers }) => headers.authorization),
    ['Bearer first', 'Bearer second'],
  )
})

test('without a token file there is no token', async (t) => {
  const { url, requests } = await startOidcIssuer(t)
  await fetchJson(new URL(url + keysPath), { timeoutMs })
  assert.equal(requests[0]?.headers.authorization, undefined)
})

test('a redirect to the same origin is followed, with the token', async (t) => {
  const { url, answer, keys, requests } = await startOidcIssuer(t)
  const tokenFile = join(await folder(t), 'token')
  await writeFile(tokenFile, 'secret')
  answer('/old', redirectTo(keysPath))
  const found = await fetchJson(new URL(`${url}/old`), { timeoutMs, tokenFile })
  assert.deepEqual(found, { keys: keys() })
  assert.equal(requests[1]?.headers.authorization, 'Bearer secret')
})

test('a redirect to another origin is not, and nothing is sent there', async (t) => {
  const one = await startOidcIssuer(t)
  const other = await startOidcIssuer(t)
  one.answer(keysPath, redirectTo(other.url + keysPath))
  await assert.rejects(fetchJson(new URL(one.url + keysPath), { timeoutMs }), /redirects to http/)
  assert.equal(other.requests.length, 0)
})

test('a redirect in a circle ends', async (t) => {
  const { url, answer, requests } = await startOidcIssuer(t)
  answer(keysPath, redirectTo(keysPath))
  await assert.rejects(fetchJson(new URL(url + keysPath), { timeoutMs }), /too often/)
  assert.equal(requests.length, 4)
})

test('a redirect to nowhere is an error', async (t) => {
  const { url, answer } = await startOidcIssuer(t)
  answer(keysPath, redirectTo('http://'))
  await assert.rejects(fetchJson(new URL(url + keysPath), { timeoutMs }), /nowhere/)
})

test('an answer that does not end is cut off', async (t) => {
  const { url, answer } = await startOidcIssuer(t)
  answer(keysPath, (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, ' ')));
    }
    response.on('drain', more)
    more()
  })
  await assert.rejects(fetchJson(new URL(url + keysPath), { timeoutMs }), /more than 1048576/)
})

for (const [what, hang] of [
  ['says nothing', () => {}],
  [
    'stops in the middle',
    (_request: unknown, response: { write(text: string): unknown }) => {
      response.write('{"keys":')
    },
  ],
] as const) {
  test(`a server that ${what} is not waited for any longer`, async (t) => {
    const { url, answer } = await startOidcIssuer(t)
    answer(keysPath, hang)
    await assert.rejects(fetchJson(new URL(url + keysPath), { timeoutMs: 50 }), /timeout/)
  })
}

test('what is no JSON is not quoted', async (t) => {
  const { url, answer } = await startOidcIssuer(t)
  answer(keysPath, (_request, response) => void response.end('<p>secret</p>'))
  await assert.rejects(fetchJson(new URL(url + keysPath), { timeoutMs }), (error: Error) => {
    assert.match(error.message, /no JSON/)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})

for (const status of [204, 401, 403, 404, 500]) {
  test(`${status} is no answer`, async (t) => {
    const { url, answer } = await startOidcIssuer(t)
    answer(keysPath, (request, response) => {
      response.statusCode = status
      json({ keys: [] })(request, response)
    })
    await assert.rejects(
      fetchJson(new URL(url + keysPath), { timeoutMs }),
      new RegExp(`answered ${status}`),
    )
  })
}

test('a connection that is cut is an error', async (t) => {
  const { url, goDown } = await startOidcIssuer(t)
  goDown()
  await assert.rejects(fetchJson(new URL(url + keysPath), { timeoutMs }), /socket hang up/)
})

for (const [address, expected] of [
  ['https://ci.example/keys', true],
  ['http://localhost:1/keys', true],
  ['http://127.0.0.1/keys', true],
  ['http://127.1/keys', true],
  ['http://[::1]/keys', true],
  ['http://ci.example/keys', false],
  ['http://localhost.example/keys', false],
  ['http://127.0.0.1.example/keys', false],
  ['http://10.0.0.1/keys', false],
  ['file:///etc/passwd', false],
] as const) {
  test(`${address} is ${expected ? '' : 'not '}asked for keys`, async () => {
    assert.equal(isTrustworthy(new URL(address)), expected)
  })
}

test('nobody is asked over a line that anybody may change', async () => {
  await assert.rejects(
    fetchJson(new URL('http://ci.invalid/keys'), { timeoutMs }),
    /neither https nor on loopback/,
  )
})
