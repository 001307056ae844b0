import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { TestContext } from 'node:test'
import type { Call } from '../../../src/publish/upstream.ts'
import type { Destination } from '../../../src/registry/destination.ts'
import { type Digest, parseDigest } from '../../../src/registry/digest.ts'
import { parseReference, type Reference } from '../../../src/registry/reference.ts'
import { parseRepositoryName } from '../../../src/registry/repository-name.ts'
import type { SandboxOptions } from '../../../src/sandbox/sandbox.ts'
import {
  createEcrCatalog,
  type EcrCatalogSettings,
} from '../../../src/upstream/registry/ecr-catalog.ts'
import { openBoth, repositoryName } from '../../sandbox/support/open-sandbox.ts'
import { digestOf } from '../../sandbox/support/push.ts'
import { recordingObserver } from '../../support/recording-observer.ts'

export interface CatalogOptions extends SandboxOptions {
  readonly catalog?: Partial<EcrCatalogSettings>
}

/** A sandbox, and a catalog that asks it, each call once. */
export async function openCatalog(
  t: TestContext,
  { catalog: own, ...options }: CatalogOptions = {},
) {
  const { sandbox, client } = await openBoth(t, options)
  const observer = recordingObserver()
  const catalog = createEcrCatalog({
    client,
    endpoint: new URL(sandbox.url),
    observer,
    maxSockets: 8,
    ...own,
  })
  t.after(() => catalog.close())
  return {
    sandbox,
    client,
    catalog,
    calls: () => sandbox.calls().map(({ operation }) => operation),
    outcomes: () =>
      observer.of('upstream_called').map(({ operation, outcome }) => `${operation} ${outcome}`),
    observer,
  }
}

/** A catalog whose registry is this listener; its tokens come from a sandbox. */
export async function openCatalogOf(t: TestContext, listener: RequestListener) {
  const { server, endpoint } = await listen(t, listener)
  return { ...(await openCatalog(t, { catalog: { endpoint } })), server, endpoint }
}

export async function listen(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { server, endpoint: new URL(`http://127.0.0.1:${address.port}`) }
}

export interface CallOptions {
  readonly destination?: Partial<Destination>
  readonly repository?: string
  readonly signal?: AbortSignal
}

export function callWith({
  destination,
  repository = repositoryName,
  signal,
}: CallOptions = {}): Call {
  return {
    destination: { name: 'default', registry: 'default', ...destination },
    repository: parseRepositoryName(repository),
    agent: 'agent',
    signal: signal ?? new AbortController().signal,
  }
}

export const tag = (text: string): Reference => parseReference(text)

export function byDigest(bytes: string | Uint8Array): Reference & { readonly kind: 'digest' } {
  return { kind: 'digest', digest: sha256(bytes) }
}

export function sha256(bytes: string | Uint8Array): Digest {
  return parseDigest(digestOf(bytes))
}
