import assert from 'node:assert/strict'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { once } from 'node:events'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { createTls, type TlsPorts } from '../../../src/http/tls.ts'
import { until } from '../../support/until.ts'
import { portOf } from './support/sockets.ts'
import {
  type Authority,
  createAuthority,
  type Issued,
  needsOpenssl,
} from './support/certificates.ts'

interface Watched {
  readonly problems: readonly string[]
  readonly renewed: readonly string[]
  look(): Promise<void>
  /** The name in the certificate that a new connection gets. */
  served(): Promise<string | undefined>
  readonly server: Server
  readonly port: number
}

/** A server over `files`, which are looked at when the test says so. */
async function watched(
  t: TestContext,
  { cert }: Authority,
  files: Pick<TlsPorts, 'certFile' | 'keyFile' | 'now'>,
): Promise<Watched> {
  const problems: string[] = []
  const renewed: string[] = []
  const tls = createTls({
    ...files,
    onProblem: ({ message }) => problems.push(message),
    onRenewed: ({ subject }) => renewed.push(subject),
  })
  const server = createServer(await tls.options(), (request, response) => {
    request.resume().on('end', () => response.end('whole'))
  })
  tls.watch(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    tls.stop()
    server.closeAllConnections()
    server.close()
  })
  const port = portOf(server)
  return {
    problems,
    renewed,
    server,
    port,
    look: tls.look,
    async served() {
      const socket = connect({ port, host: '127.0.0.1', ca: cert, rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      const { CN } = socket.getPeerCertificate().subject
      socket.destroy()
      return typeof CN === 'string' ? CN : undefined
    },
  }
}

async function copy({ cert, key }: Issued, dir: string) {
  await mkdir(dir, { recursive: true })
  const [certFile, keyFile] = [join(dir, 'tls.crt'), join(dir, 'tls.key')]
  await writeFile(certFile, cert)
  await writeFile(keyFile, key)
  return { certFile, keyFile }
}

test('a pair that changed is served to new connections', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const files = await copy(await authority.issue('one'), join(authority.dir, 'live'))
  const { served, look, problems, renewed } = await watched(t, authority, files)
  assert.equal(await served(), 'one')

  await copy(await authority.issue('two'), join(authority.dir, 'live'))
  await look()
  assert.equal(await served(), 'two')
  assert.deepEqual([problems, renewed], [[], ['CN=two']])

  await look()
  assert.deepEqual(renewed, ['CN=two'])
})

test(
  'a link that comes to point elsewhere is a change, as with a Kubernetes secret',
  needsOpenssl,
  async (t) => {
    const authority = await createAuthority(t)
    const { dir } = authority
    await copy(await authority.issue('one'), join(dir, 'v1'))
    await copy(await authority.issue('two'), join(dir, 'v2'))
    await symlink('v1', join(dir, '..data'))
    const files = {
      certFile: join(dir, '..data', 'tls.crt'),
      keyFile: join(dir, '..data', 'tls.key'),
    }
    const { served, look } = await watched(t, authority, files)
    assert.equal(await served(), 'one')

    await symlink('v2', join(dir, '..data_tmp'))
    await rename(join(dir, '..data_tmp'), join(dir, '..data'))
    await look()
    assert.equal(await served(), 'two')
  },
)

test(
  'a request that is under way ends as it began, and the next one on its connection too',
  needsOpenssl,
  async (t) => {
    const authority = await createAuthority(t)
    const files = await copy(await authority.issue('one'), join(authority.dir, 'live'))
    const { port, look, renewed } = await watched(t, authority, files)
    const socket = connect({ port, host: '127.0.0.1', ca: authority.cert })
    await once(socket, 'secureConnect')
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')

    await copy(await authority.issue('two'), join(authority.dir, 'live'))
    await look()
    assert.deepEqual(renewed, ['CN=two'])
    socket.write('world')
    assert.match(await answerOf(socket), /^HTTP\/1\.1 200 /)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(await answerOf(socket), /^HTTP\/1\.1 200 /)
    socket.destroy()
  },
)

async function answerOf(socket: TLSSocket): Promise<string> {
  let text = ''
  while (!text.includes('whole')) text += String((await once(socket, 'data'))[0])
  return text
}

test(
  'a key that does not fit yet keeps the old pair, and is no trouble if it fits at the next look',
  needsOpenssl,
  async (t) => {
    const authority = await createAuthority(t)
    const files = await copy(await authority.issue('one'), join(authority.dir, 'live'))
    const { served, look, problems } = await watched(t, authority, files)

    const two = await authority.issue('two')
    await writeFile(files.certFile, two.cert)
    await look()
    assert.equal(await served(), 'one')
    await writeFile(files.keyFile, two.key)
    await look()
    assert.equal(await served(), 'two')
    assert.deepEqual(problems, [])
  },
)

test(
  'one that still does not fit at the next look is told once, and again after a good pair',
  needsOpenssl,
  async (t) => {
    const authority = await createAuthority(t)
    const one = await authority.issue('one')
    const two = await authority.issue('two')
    const files = await copy(one, join(authority.dir, 'live'))
    const { served, look, problems } = await watched(t, authority, files)
    const message = `The key in ${files.keyFile} does not fit the certificate in ${files.certFile}.`

    await writeFile(files.certFile, two.cert)
    for (let looks = 0; looks < 4; looks += 1) await look()
    assert.deepEqual(problems, [message])
    assert.equal(await served(), 'one')

    await writeFile(files.certFile, one.cert)
    await look()
    await writeFile(files.certFile, two.cert)
    for (let looks = 0; looks < 4; looks += 1) await look()
    assert.deepEqual(problems, [message, message])
  },
)

test('a key that changes alone cannot fit, and is told', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const files = await copy(await authority.issue('one'), join(authority.dir, 'live'))
  const { served, look, problems } = await watched(t, authority, files)
  await writeFile(files.keyFile, (await authority.issue('two')).key)
  await look()
  await look()
  assert.equal(problems.length, 1)
  assert.equal(await served(), 'one')
})

test('files that are gone keep the old pair, and are told', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const files = await copy(await authority.issue('one'), join(authority.dir, 'live'))
  const { served, look, problems } = await watched(t, authority, files)
  await rm(files.keyFile)
  await look()
  await look()
  assert.deepEqual(problems, [`${files.keyFile} is not there.`])
  assert.equal(await served(), 'one')
})

test('the files are looked at every ten seconds', needsOpenssl, async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const authority = await createAuthority(t)
  const files = await copy(await authority.issue('one'), join(authority.dir, 'live'))
  const { renewed } = await watched(t, authority, files)
  await copy(await authority.issue('two'), join(authority.dir, 'live'))
  t.mock.timers.tick(10_000)
  await until('the new pair is served', () => renewed.length > 0)
})

test('an expired certificate is served, and told once', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const files = await authority.issue('late', -1)
  const { served, look, problems } = await watched(t, authority, files)
  await look()
  await look()
  assert.equal(await served(), 'late')
  assert.equal(problems.length, 1)
  assert.match(problems.join(''), /late\.pem expired 20.*It is served, but clients refuse it\.$/)
})

test('a certificate that expires while it is served is told then', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const one = await authority.issue('one', 30)
  let at = new Date()
  const files = { ...one, now: () => at }
  const { look, problems } = await watched(t, authority, files)
  await look()
  assert.deepEqual(problems, [])
  at = new Date(at.getTime() + 31 * 24 * 3600 * 1000)
  await look()
  assert.match(problems.join(''), /one\.pem expired 20/)
})

test('a certificate of the future is served, and told', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const files = { ...(await authority.issue('one')), now: () => new Date(0) }
  const { problems } = await watched(t, authority, files)
  assert.match(problems.join(''), /one\.pem is valid only from 20/)
})

test('nothing older than TLS 1.2 is spoken', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const { port, server } = await watched(t, authority, await authority.issue('one'))
  for (const [version, isSpoken] of [
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const) {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: authority.cert,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    const [refused, spoken] = [once(server, 'tlsClientError'), once(socket, 'secureConnect')]
    const outcome = await Promise.race([spoken.then(() => true), refused.then(() => false)]).catch(
      () => false,
    )
    refused.catch(() => {})
    spoken.catch(() => {})
    socket.on('error', () => {}).destroy()
    assert.equal(outcome, isSpoken, version)
  }
})

interface BadStart {
  readonly what: string
  readonly files: (authority: Authority) => Promise<{ certFile: string; keyFile: string }>
  readonly message: RegExp
}

const badStarts: readonly BadStart[] = [
  {
    what: 'a certificate that is not there',
    files: async (authority) => ({ ...(await authority.issue('one')), certFile: '/no/such.pem' }),
    message: /^\/no\/such\.pem is not there\.$/,
  },
  {
    what: 'a key that is not there',
    files: async (authority) => ({ ...(await authority.issue('one')), keyFile: '/no/such.key' }),
    message: /^\/no\/such\.key is not there\.$/,
  },
  {
    what: 'a folder in place of a file',
    files: async (authority) => ({ ...(await authority.issue('one')), certFile: authority.dir }),
    message: /cannot be read: EISDIR/,
  },
  {
    what: 'a key of another certificate',
    files: async (authority) => ({
      ...(await authority.issue('one')),
      keyFile: (await authority.issue('two')).keyFile,
    }),
    message: /^The key in .*two\.key does not fit the certificate in .*one\.pem\.$/,
  },
  {
    what: 'the two files mistaken for each other',
    files: async (authority) => {
      const { certFile, keyFile } = await authority.issue('one')
      return { certFile: keyFile, keyFile: certFile }
    },
    message: /one\.key holds no certificate in PEM/,
  },
  {
    what: 'a key that has a passphrase',
    files: async (authority) => {
      const one = await authority.issue('one')
      return { ...one, keyFile: await authority.lock(one) }
    },
    message: /^The key in .*one\.key\.locked has a passphrase, which nobody could give\.$/,
  },
  ...(['certFile', 'keyFile'] as const).map((file) => ({
    what: `something that is no PEM as ${file}`,
    files: async (authority: Authority) => {
      const other = join(authority.dir, 'note.txt')
      await writeFile(other, 'to be done')
      return { ...(await authority.issue('one')), [file]: other }
    },
    message: /note\.txt is no PEM\.$/,
  })),
]

for (const { what, files, message } of badStarts) {
  test(`${what} is refused in words, without a line of the key`, needsOpenssl, async (t) => {
    const authority = await createAuthority(t)
    const pair = await files(authority)
    const tls = createTls({ ...pair, onProblem: () => assert.fail('It was no start.') })
    await assert.rejects(tls.options(), (error: Error) => {
      assert.equal(error.name, 'KeyPairError')
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /PRIVATE KEY|-----/)
      return true
    })
  })
}
