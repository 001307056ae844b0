import type { Server } from 'node:https'
import {
  certificateOf,
  type KeyPair,
  type KeyPairFiles,
  readKeyPair,
  type TlsOptions,
  tlsOptions,
} from './tls/key-pair.ts'

export interface TlsPorts extends KeyPairFiles {
  /** Told once for each trouble: with files that changed, or with the dates of the certificate. Nothing stops because of it. */
  readonly onProblem: (problem: Error) => void
  /** A new pair is served from now on. */
  readonly onRenewed?: (certificate: CertificateFacts) => void
  /** Between two looks at the files. */
  readonly intervalMs?: number
  readonly now?: () => Date
}

export interface CertificateFacts {
  readonly subject: string
  /** In hex, with colons. */
  readonly sha256: string
  readonly validUntil: string
}

/** One certificate and its key, for all servers that speak TLS. */
export interface Tls {
  /**
   * What a server begins with. An expired certificate is served too, and told.
   *
   * @throws KeyPairError
   */
  options(): Promise<TlsOptions>
  /** Looks whether the files have changed, at once. */
  look(): Promise<void>
  /** From now on, whatever pair comes to lie in the files is what new connections get. */
  watch(server: Server): void
  stop(): void
}

/**
 * Contents are compared, not times or names: a Kubernetes secret is a link that comes to point elsewhere. A pair that cannot be served
 * changes nothing. One writer after the other is no trouble yet, so a bad pair is told when the next look still finds it.
 */
export function createTls({
  onProblem,
  onRenewed = () => {},
  intervalMs = 10_000,
  now = () => new Date(),
  ...files
}: TlsPorts): Tls {
  const servers = new Set<Server>()
  let current: KeyPair | undefined
  let trouble = { message: '', looks: 0 }
  let toldDates = ''
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()

  async function look(): Promise<void> {
    const pair = await readKeyPair(files)
    if (!isSame(pair, current)) {
      const options = tlsOptions(pair, files)
      current = pair
      for (const server of servers) server.setSecureContext(options)
      onRenewed(factsOf(pair))
    }
    trouble = { message: '', looks: 0 }
    tellDates(pair)
  }

  function onTrouble(problem: Error): void {
    const { message } = problem
    trouble = { message, looks: message === trouble.message ? trouble.looks + 1 : 1 }
    if (trouble.looks === 2) onProblem(problem)
  }

  function tellDates(pair: KeyPair): void {
    const { validFromDate, validToDate } = certificateOf(pair, files.certFile)
    const at = now()
    if (at >= validFromDate && at <= validToDate) return
    const dates =
      at > validToDate
        ? `expired ${validToDate.toISOString()}`
        : `is valid only from ${validFromDate.toISOString()} on`
    const message = `The certificate in ${files.certFile} ${dates}. It is served, but clients refuse it.`
    if (message !== toldDates) onProblem(new Error(message))
    toldDates = message
  }

  function lookInTurn(): Promise<void> {
    looking = looking.then(() => look().catch(onTrouble))
    return looking
  }

  function factsOf(pair: KeyPair): CertificateFacts {
    const { subject, fingerprint256, validToDate } = certificateOf(pair, files.certFile)
    return { subject, sha256: fingerprint256, validUntil: validToDate.toISOString() }
  }

  return {
    async options() {
      const pair = await readKeyPair(files)
      const options = tlsOptions(pair, files)
      current = pair
      tellDates(pair)
      return options
    },

    look: lookInTurn,

    watch(server) {
      servers.add(server)
      server.once('close', () => servers.delete(server))
      timer ??= setInterval(() => void lookInTurn(), intervalMs).unref()
    },

    stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}

function isSame(one: KeyPair, other: KeyPair | undefined): boolean {
  return one.cert === other?.cert && one.key === other.key
}
