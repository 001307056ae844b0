import type { TestContext } from 'node:test'
import { createGate } from '../../../src/layers/gate.ts'
import type { VerifiedLayer } from '../../../src/layers/verified-layer.ts'
import { forwardKey, type Target } from '../../../src/publish/acceptance.ts'
import { createAwaited } from '../../../src/publish/awaited.ts'
import { createForwardOrigins } from '../../../src/publish/forward-origins.ts'
import type { ForwardClaim, ForwardError } from '../../../src/publish/forward-journal.ts'
import {
  createManifestPuts,
  type ManifestPut,
  type ManifestPutSettings,
} from '../../../src/publish/manifests/put-manifest.ts'
import type { Upstream } from '../../../src/publish/upstream.ts'
import type { Digest } from '../../../src/registry/digest.ts'
import type { InspectMode } from '../../../src/registry/findings.ts'
import type { Manifest } from '../../../src/registry/manifest.ts'
import { parseTag, type Tag } from '../../../src/registry/reference.ts'
import { createFakeUpstream, type Fault, type Faults } from '../../support/fake-upstream.ts'
import { admitLayer, layerBytes } from '../../support/layers.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { createMemoryFindings } from '../../support/memory-findings.ts'
import { createMemoryJournal } from '../../support/memory-journal.ts'
import { createMemorySpool } from '../../support/memory-spool.ts'
import { nextTurn } from '../../support/next-turn.ts'
import { recordingObserver } from '../../support/recording-observer.ts'
import { never, repository } from '../setup.ts'

export const target: Target = {
  agent: 'ci',
  repository,
  destination: { name: 'default', registry: 'default' },
}
export const latest = parseTag('latest')
export const waitMs = 25_000
export const settings: ManifestPutSettings = {
  graceMs: 10_000,
  manifestWaitMs: 600_000,
  pauseMs: 5_000,
  // What the layers of most tests consist of would be no layer.
  inspect: 'off',
}

export interface PutOptions extends Partial<Omit<ManifestPut, 'manifest'>> {
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

interface SetupOptions {
  /** What reading a tag upstream gives; what it names there when absent. */
  readonly readTag?: (tag: Tag) => Promise<Digest | undefined>
  readonly faults?: Faults
  readonly inspect?: InspectMode
  readonly wrapUpstream?: (upstream: Upstream) => Upstream
}

interface PushBytesOptions {
  readonly hold?: ForwardError
  readonly where?: Target
}

/** Puts of manifests over ports in memory, with a clock that stands still. */
export function setUpManifests(
  t: TestContext,
  { faults, wrapUpstream, readTag, inspect = settings.inspect }: SetupOptions = {},
) {
  const clock = manualClock(t)
  const spool = createMemorySpool({ capacityBytes: 1_000_000 })
  const gate = createGate(spool)
  const memory = createMemoryJournal({ now: clock.now })
  const upstream = createFakeUpstream(faults && { faults })
  const observer = recordingObserver()
  const hurried: Digest[] = []
  const forgotten: (readonly Digest[])[] = []
  const waits: AbortSignal[] = []
  const beforeRecord: (() => Promise<void>)[] = []
  const journal: typeof memory = {
    ...memory,
    hurry(keys) {
      hurried.push(...keys.map(({ digest }) => digest))
      return memory.hurry(keys)
    },
    async record(key, agent, sizeBytes, hold) {
      await beforeRecord.shift()?.()
      return memory.record(key, agent, sizeBytes, hold)
    },
    settled(key, signal) {
      waits.push(signal)
      return memory.settled(key, signal)
    },
  }
  const awaited = createAwaited()
  const origins = createForwardOrigins()
  const findings = createMemoryFindings(clock.now)
  const redeemed: Digest[] = []
  const puts = createManifestPuts(
    {
      journal,
      upstream: wrapUpstream?.(upstream) ?? upstream,
      spool,
      awaited,
      origins,
      findings,
      observer,
      now: clock.now,
      tagDigest: (_call, tag) => (readTag ?? (async (name) => upstream.tags.get(name)))(tag),
      async manifestOf({ signal }, digest) {
        signal.throwIfAborted()
        return upstream.manifests.get(digest)
      },
      forget: (_target, digests) => forgotten.push(digests),
      redeem: (_target, digests) => redeemed.push(...digests),
      sleep: sleepUntilAborted,
    },
    { ...settings, inspect },
  )
  t.after(() => puts.stop())

  let seeds = 0
  /** A layer that came in through the gate, and that nobody knows of yet. */
  function admit(): Promise<VerifiedLayer> {
    seeds += 1
    return admitLayer(spool, gate, layerBytes(35, seeds))
  }

  async function claimOf({ digest }: VerifiedLayer): Promise<ForwardClaim> {
    const others: ForwardClaim[] = []
    try {
      for (;;) {
        const claim = await journal.claim(never)
        if (claim.forward.key.digest === digest) return claim
        others.push(claim)
      }
    } finally {
      for (const other of others) await other.release()
    }
  }

  return {
    clock,
    spool,
    journal,
    upstream,
    observer,
    awaited,
    origins,
    findings,
    redeemed,
    hurried,
    forgotten,
    /** Done before the next debts are recorded, one each. */
    beforeRecord,
    /** Of all waits for a layer. */
    waits,
    puts,
    admit,
    /** A layer that was pushed: owed in the repository. */
    async push(where: Target = target) {
      const layer = await admit()
      await journal.record(forwardKey(where, layer.digest), where.agent, layer.sizeBytes)
      return layer
    },
    /** Bytes that were pushed, and are held or owed in the repository. */
    async pushBytes(bytes: Buffer, { hold, where = target }: PushBytesOptions = {}) {
      const layer = await admitLayer(spool, gate, bytes)
      await journal.record(forwardKey(where, layer.digest), where.agent, layer.sizeBytes, hold)
      return layer
    },
    /** A layer that the upstream has, and that is not known here. */
    async store() {
      const layer = await admit()
      upstream.layers.set(layer.digest, layerBytes(35, seeds))
      return layer
    },
    /** Pays one debt. */
    async forward(layer: VerifiedLayer) {
      const claim = await claimOf(layer)
      upstream.layers.set(layer.digest, Buffer.alloc(layer.sizeBytes))
      await claim.forwarded({ alreadyPresent: false, parts: 4, attempts: 1 })
      await nextTurn()
    },
    async park(layer: VerifiedLayer, error: ForwardError) {
      const claim = await claimOf(layer)
      await claim.park(error, 1, new Date(clock.now().getTime() + 600_000))
      await nextTurn()
    },
    async giveUp(layer: VerifiedLayer) {
      const claim = await claimOf(layer)
      await claim.parkForGood({ code: 'upstream_credentials', detail: 'AWS says no.' }, 1)
      await nextTurn()
    },
    stateOf: async ({ digest }: VerifiedLayer, where: Target = target) =>
      (await journal.find(forwardKey(where, digest)))?.state,
    put: (manifest: Manifest, options: PutOptions = {}) =>
      puts.put(
        {
          target,
          manifest,
          tags: [latest],
          requestId: 'request-1',
          canPull: () => false,
          ...options,
        },
        options.waitMs ?? waitMs,
        options.signal ?? never,
      ),
    tag: (tag: Tag = latest) => upstream.tags.get(tag),
    puttings: () => upstream.calls.filter((call) => call.startsWith('put ')),
    ends: () => observer.of('manifest_ended').map(({ outcome }) => outcome),
  }
}

/** On the clock that stands still. */
async function sleepUntilAborted(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const giveUp = () => {
    clearTimeout(timer)
    reject(signal.reason)
  }
  signal.addEventListener('abort', giveUp, { once: true })
  await promise.finally(() => signal.removeEventListener('abort', giveUp))
}

/** Calls that take until they are released. */
export function gated(): Fault & { release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { before: () => promise, release: resolve }
}

/** What a put became: its answer, its error, or nothing yet. */
export function watch(put: Promise<unknown>): { readonly now: () => unknown } {
  let end: unknown = 'waiting'
  void put.catch((error: unknown) => error).then((settled) => (end = settled))
  return { now: () => end }
}
