import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** Where a certificate and its key lie, in PEM. */
export interface KeyPairFiles {
  /** The certificate first, then those that lead to its root. */
  readonly certFile: string
  readonly keyFile: string
}

export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** What TLS is spoken with. */
export interface TlsOptions extends KeyPair {
  readonly minVersion: 'TLSv1.2'
}

/** A certificate and a key that nothing can be served with; the message names the file and the reason, and holds nothing of the key. */
export class KeyPairError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'KeyPairError'
  }
}

/** @throws KeyPairError */
export async function readKeyPair({ certFile, keyFile }: KeyPairFiles): Promise<KeyPair> {
  return { cert: await read(certFile), key: await read(keyFile) }
}

/**
 * The pair as TLS takes it. Whether the certificate is still valid is not asked here.
 *
 * @throws KeyPairError no certificate, no key, a key with a passphrase, or one that does not fit the certificate
 */
export function tlsOptions(pair: KeyPair, { certFile, keyFile }: KeyPairFiles): TlsOptions {
  const options = { ...pair, minVersion: 'TLSv1.2' } as const
  const certificate = certificateOf(pair, certFile)
  if (!certificate.checkPrivateKey(privateKey(pair.key, keyFile))) {
    throw new KeyPairError(`The key in ${keyFile} does not fit the certificate in ${certFile}.`)
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw new KeyPairError(`${certFile} and ${keyFile} cannot be served: ${wordsOf(error)}.`)
  }
  return options
}

/** @throws KeyPairError */
export function certificateOf({ cert }: KeyPair, certFile: string): X509Certificate {
  // Binary DER is read too by the class, but not by TLS.
  if (!cert.includes('-----BEGIN')) throw new KeyPairError(`${certFile} is no PEM.`)
  try {
    return new X509Certificate(cert)
  } catch (error) {
    throw new KeyPairError(`${certFile} holds no certificate in PEM: ${wordsOf(error)}.`)
  }
}

function privateKey(key: string, keyFile: string): KeyObject {
  if (!key.includes('-----BEGIN')) throw new KeyPairError(`${keyFile} is no PEM.`)
  if (/^(?:-----BEGIN |Proc-Type:.*)ENCRYPTED/m.test(key)) {
    throw new KeyPairError(`The key in ${keyFile} has a passphrase, which nobody could give.`)
  }
  try {
    return createPrivateKey(key)
  } catch (error) {
    throw new KeyPairError(`${keyFile} holds no key that can be used: ${wordsOf(error)}.`)
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const isMissing = codeOf(error) === 'ENOENT'
    throw new KeyPairError(
      `${file} ${isMissing ? 'is not there' : `cannot be read: ${wordsOf(error)}`}.`,
    )
  }
}

function codeOf(error: unknown): unknown {
  return Object(error).code
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
