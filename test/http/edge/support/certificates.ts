import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { installedClient } from '../../../clients/support/installed-client.ts'

const run = promisify(execFile)

const openssl = installedClient('openssl', { install: 'apt-get install openssl' })

/** For tests that need certificates: why they are skipped. */
export const needsOpenssl = { skip: openssl.skip }

export interface Issued {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

/** An authority of one test, and the folder that it works in. */
export interface Authority {
  readonly dir: string
  /** What clients trust. */
  readonly cert: string
  /** A certificate for 127.0.0.1 with a key of its own. */
  issue(name: string, days?: number): Promise<Issued>
  /** The same key, behind a passphrase. */
  lock(key: Issued): Promise<string>
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export async function createAuthority(t: TestContext): Promise<Authority> {
  const dir = await mkdtemp(join(tmpdir(), 'layergate-tls-'))
  t.after(() => rm(dir, { recursive: true }))
  const call = (...args: string[]) => run(openssl.path(), args, { cwd: dir })
  const path = (file: string) => join(dir, file)
  await call('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test')
  await writeFile(path('names'), 'subjectAltName=IP:127.0.0.1')

  return {
    dir,
    cert: await readFile(path('ca.pem'), 'utf8'),

    async issue(name, days = 30) {
      const [csr, key, cert] = [`${name}.csr`, `${name}.key`, `${name}.pem`]
      const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
      await call('req', ...newKey, '-keyout', key, '-out', csr, '-subj', `/CN=${name}`)
      await call('x509', '-req', '-in', csr, ...signer, '-days', String(days), '-out', cert)
      return {
        certFile: path(cert),
        keyFile: path(key),
        cert: await readFile(path(cert), 'utf8'),
        key: await readFile(path(key), 'utf8'),
      }
    },

    async lock({ keyFile }) {
      const locked = `${keyFile}.locked`
      await call('pkey', '-in', keyFile, '-aes256', '-passout', 'pass:word', '-out', locked)
      return locked
    },
  }
}
