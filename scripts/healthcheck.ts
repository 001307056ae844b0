// The HEALTHCHECK of the image: exit code 0 when the service of this container answers /healthz.
import { env } from 'node:process'
import { loadConfig } from '../src/config/config.ts'

const { host, port, adminPort } = loadConfig(env).http
const anyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const address = anyAddress[host] ?? host
const authority = `${address.includes(':') ? `[${address}]` : address}:${adminPort ?? port}`

const { status } = await fetch(`http://${authority}/healthz`, {
  signal: AbortSignal.timeout(4_000),
})
if (status !== 200) throw new Error(`/healthz answered ${status}`)
