import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:https'
import { connect } from 'node:net'
import test from 'node:test'
import { createAuthority, needsOpenssl } from '../http/edge/support/certificates.ts'
import { ended } from '../http/edge/support/sockets.ts'
import { spawned } from '../support/spawned.ts'

function tlsEnv({ certFile, keyFile }: { certFile: string; keyFile: string }) {
  return {
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_PORT: '0',
    LAYERGATE_TLS_CERT: certFile,
    LAYERGATE_TLS_KEY: keyFile,
  }
}

async function status(url: string, ca: string): Promise<number | undefined> {
  const [answer] = await once(get(url, { ca, agent: false }), 'response')
  answer.resume()
  return answer.statusCode
}

test(
  'with a certificate and its key, both ports speak TLS, and their addresses say so',
  needsOpenssl,
  async (t) => {
    const authority = await createAuthority(t)
    const env = tlsEnv(await authority.issue('one'))
    const process = await spawned(t, ['serve'], { ...env, LAYERGATE_ADMIN_PORT: '0' })
    const url = await process.url()
    const [, adminUrl = ''] = /"adminUrl":"([^"]+)"/.exec(process.stdout()) ?? []
    assert.match(url, /^https:/)
    assert.match(adminUrl, /^https:/)
    assert.equal(await status(`${url}/v2/`, authority.cert), 200)
    assert.equal(await status(`${adminUrl}/readyz`, authority.cert), 200)
  },
)

test('a connection that says nothing does not hold up the shutdown', needsOpenssl, async (t) => {
  const authority = await createAuthority(t)
  const process = await spawned(t, ['serve'], tlsEnv(await authority.issue('one')))
  const silent = connect(Number(new URL(await process.url()).port), '127.0.0.1')
  await once(silent, 'connect')
  const end = ended(silent)
  process.child.kill('SIGTERM')
  assert.equal(await process.exit(), 0)
  await end
})

test(
  'a key that does not fit ends the start with one line that names both files',
  needsOpenssl,
  async (t) => {
    const authority = await createAuthority(t)
    const { certFile } = await authority.issue('one')
    const { keyFile } = await authority.issue('two')
    const process = await spawned(t, ['serve'], tlsEnv({ certFile, keyFile }))
    assert.equal(await process.exit(), 1)
    assert.equal(
      process.stderr(),
      `layergate could not start: The key in ${keyFile} does not fit the certificate in ${certFile}. See LAYERGATE_TLS_CERT.\n`,
    )
  },
)

test('so does a file that is not there', async (t) => {
  const files = { certFile: '/no/such.pem', keyFile: '/no/such.key' }
  const process = await spawned(t, ['serve'], tlsEnv(files))
  assert.equal(await process.exit(), 1)
  assert.equal(
    process.stderr(),
    'layergate could not start: /no/such.pem is not there. See LAYERGATE_TLS_CERT.\n',
  )
})
