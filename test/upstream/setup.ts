import type { TestContext } from 'node:test'
import { createGate } from '../../src/layers/gate.ts'
import type { Call } from '../../src/publish/upstream.ts'
import { UpstreamError, type UpstreamFailure } from '../../src/publish/upstream-error.ts'
import { parseDigest } from '../../src/registry/digest.ts'
import type { LayergateEvent, UpstreamCalled } from '../../src/registry/events.ts'
import { parseTag } from '../../src/registry/reference.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import {
  type SandboxCredentials,
  sandboxCredentials,
  startSandbox,
  type Switches,
} from '../../src/sandbox/sandbox.ts'
import { createBodyPool } from '../../src/upstream/body-pool.ts'
import { createCredentialsRefresh } from '../../src/upstream/credentials.ts'
import { createEcrClient, type EcrClientSettings } from '../../src/upstream/ecr-client.ts'
import { createEcrUpstream, type EcrUpstreamSettings } from '../../src/upstream/ecr-upstream.ts'
import { bodyBytesFor } from '../../src/upstream/part-encoder.ts'
import { withRetry } from '../../src/upstream/with-retry.ts'
import { admitLayer, layerBytes } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'

export const repository = parseRepositoryName('team/app')
export const latest = parseTag('latest')

/** Parts of a few bytes, so that many fit into a small layer. */
export const partBytes = 10

export function callWith(signal = new AbortController().signal): Call {
  return {
    destination: { name: 'default', registry: 'default' },
    repository,
    agent: 'agent',
    signal,
  }
}

export interface SetupOptions extends Partial<Omit<EcrUpstreamSettings, 'client' | 'observer'>> {
  readonly switches?: Partial<Switches>
  /** What the client has, and what the sandbox accepts: the same unless told otherwise. */
  readonly credentials?: EcrClientSettings['credentials']
  readonly accepted?: readonly SandboxCredentials[]
}

/** A sandbox, an upstream that talks to it, and layers to send. */
export async function setUp(t: TestContext, options: SetupOptions = {}) {
  const { switches, credentials = sandboxCredentials, accepted, ...settings } = options
  const sandbox = await startSandbox({
    repositories: [repository],
    switches: { partSizeBytes: partBytes, minPartBytes: 1, ...switches },
    credentials: accepted ?? sandboxCredentials,
  })
  const client = createEcrClient({ endpoint: new URL(sandbox.url), credentials, maxSockets: 8 })
  t.after(async () => {
    client.destroy()
    await sandbox.close()
  })
  const events: LayergateEvent[] = []
  const spool = createMemorySpool()
  const gate = createGate(spool)
  const upstream = createEcrUpstream({
    bodies: createBodyPool({ bodies: 2, bodyBytes: bodyBytesFor(1024) }),
    partLimits: { minBytes: 1, maxBytes: 1024, maxParts: 1000 },
    ...settings,
    client,
    observer: { observe: (event) => events.push(event) },
  })
  return {
    sandbox,
    client,
    upstream,
    events,
    spool,
    admit: (bytes: Uint8Array) => admitLayer(spool, gate, bytes),
    tagDigest: async (_call: Call, tag: string) => {
      const digest = sandbox.state().repositories[0]?.tags[tag]
      return digest === undefined ? undefined : parseDigest(digest)
    },
    calls: () => sandbox.calls().map(({ operation }) => operation),
    outcomes: () =>
      events.filter(isCalled).map(({ operation, outcome }) => `${operation} ${outcome}`),
  }
}

/** The same with retries that do not wait, and a layer of 25 bytes. */
export async function setUpWithRetry(t: TestContext, options: SetupOptions = {}) {
  const single = await setUp(t, options)
  const upstream = withRetry(single.upstream, {
    observer: { observe: (event) => single.events.push(event) },
    random: () => 0,
    sleep: () => Promise.resolve(),
    refreshCredentials: createCredentialsRefresh(single.client),
    retryBudget: { take: () => Promise.resolve() },
    tagDigest: single.tagDigest,
  })
  return { ...single, upstream, layer: await single.admit(layerBytes(25)) }
}

function isCalled(event: LayergateEvent): event is UpstreamCalled {
  return event.type === 'upstream_called'
}

/** For `assert.rejects`: an `UpstreamError` of this failure and, where given, this exception. */
export function upstreamError(failure: UpstreamFailure, exception?: string) {
  return (error: unknown) =>
    error instanceof UpstreamError &&
    error.failure === failure &&
    (exception === undefined || error.facts.exception === exception)
}
