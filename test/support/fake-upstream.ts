import { openVerified, type VerifiedLayer } from '../../src/layers/verified-layer.ts'
import type { Upstream } from '../../src/publish/upstream.ts'
import {
  UpstreamError,
  type UpstreamErrorFacts,
  type UpstreamFailure,
} from '../../src/publish/upstream-error.ts'
import type { Digest } from '../../src/registry/digest.ts'
import type { Manifest } from '../../src/registry/manifest.ts'
import type { Tag } from '../../src/registry/reference.ts'
import { digestOf } from './layers.ts'

export type Operation = keyof Upstream

/** What lies upstream. A fault may change it. */
export interface UpstreamState {
  readonly layers: Map<Digest, Buffer>
  /** Uploads that were started and not completed, with what came so far. */
  readonly uploads: Map<string, Buffer>
  readonly manifests: Map<Digest, Manifest>
  readonly tags: Map<Tag, Digest>
}

/** What goes wrong with one call, by throwing, by taking its time, or by changing what lies upstream. */
export interface Fault {
  before?(state: UpstreamState): void | Promise<void>
  after?(state: UpstreamState): void | Promise<void>
}

/** Asked before each call, in order. */
export type Faults = (operation: Operation) => Fault | undefined

export interface FakeUpstream extends Upstream, UpstreamState {
  /** Every call, in order: `absent`, `start upload-1`, `part upload-1 0-9`, `complete upload-1`, `put by digest`, `put latest`. */
  readonly calls: readonly string[]
  /** How many uploads became a layer. */
  readonly completions: number
}

export interface FakeUpstreamOptions {
  readonly partSizeBytes?: number
  readonly faults?: Faults
}

export function upstreamError(
  failure: UpstreamFailure,
  facts: Partial<UpstreamErrorFacts> = {},
): UpstreamError {
  return new UpstreamError(failure, {
    operation: 'Fake',
    exception: `${failure}Exception`,
    message: 'As the test wants it.',
    ...facts,
  })
}

/** A registry in memory that obeys the rules of order, wants what a manifest names, and fails where it is told to. */
export function createFakeUpstream({
  partSizeBytes = 10,
  faults = () => undefined,
}: FakeUpstreamOptions = {}): FakeUpstream {
  const layers = new Map<Digest, Buffer>()
  const uploads = new Map<string, Buffer>()
  const manifests = new Map<Digest, Manifest>()
  const tags = new Map<Tag, Digest>()
  const state = { layers, uploads, manifests, tags }
  const calls: string[] = []
  let started = 0
  let completions = 0

  async function call<T>(
    operation: Operation,
    said: string,
    signal: AbortSignal,
    perform: () => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    calls.push(said)
    const fault = faults(operation)
    await fault?.before?.(state)
    signal.throwIfAborted()
    const result = await perform()
    await fault?.after?.(state)
    signal.throwIfAborted()
    return result
  }

  function stored(id: string): Buffer {
    const bytes = uploads.get(id)
    if (!bytes) throw upstreamError('upload_unknown')
    return bytes
  }

  return {
    ...state,
    calls,
    get completions() {
      return completions
    },

    createRepository: ({ signal, repository }) =>
      call('createRepository', `create ${repository}`, signal, async () => 'created' as const),

    absent: ({ signal }, digests) =>
      call('absent', 'absent', signal, async () => {
        return new Set(digests.filter((digest) => !layers.has(digest)))
      }),

    start({ signal }) {
      const id = `upload-${started + 1}`
      return call('start', `start ${id}`, signal, async () => {
        started += 1
        uploads.set(id, Buffer.alloc(0))
        return { id, partSizeBytes }
      })
    },

    sendPart({ signal }, { id }, layer, { firstByte, lastByte }) {
      return call('sendPart', `part ${id} ${firstByte}-${lastByte}`, signal, async () => {
        const before = stored(id)
        if (firstByte !== before.length) throw outOfOrder(before.length - 1)
        const part = await readPart(layer, firstByte, lastByte)
        uploads.set(id, Buffer.concat([before, part]))
      })
    },

    complete({ signal }, { id }, { digest }) {
      return call('complete', `complete ${id}`, signal, async () => {
        const bytes = stored(id)
        uploads.delete(id)
        if (digestOf(bytes) !== digest) throw upstreamError('invalid_layer')
        if (layers.has(digest)) return
        layers.set(digest, bytes)
        completions += 1
      })
    },

    putManifest({ signal }, manifest, tag) {
      return call('putManifest', `put ${tag ?? 'by digest'}`, signal, async () => {
        const { blobs, children, digest } = manifest
        const missing = [
          ...blobs.filter((blob) => !layers.has(blob.digest)),
          ...children.filter((child) => !manifests.has(child.digest)),
        ]
        if (missing.length > 0) throw referencesUnknown(missing.map((each) => each.digest))
        manifests.set(digest, manifest)
        if (tag !== undefined) tags.set(tag, digest)
      })
    },
  }
}

export function referencesUnknown(digests: readonly Digest[]): UpstreamError {
  const message = `'${digests.join(', ')}' do not exist`
  return upstreamError('references_unknown', { operation: 'PutImage', message })
}

export function outOfOrder(lastValidByte: number | undefined): UpstreamError {
  const facts = lastValidByte === undefined || lastValidByte < 0 ? {} : { lastValidByte }
  return upstreamError('part_out_of_order', facts)
}

async function readPart(
  layer: VerifiedLayer,
  firstByte: number,
  lastByte: number,
): Promise<Buffer> {
  await using reader = await openVerified(layer)
  const part = Buffer.alloc(lastByte - firstByte + 1)
  const length = await reader.read(part, firstByte)
  return part.subarray(0, length)
}

/** The faults of each operation's first calls, in order; `undefined` stands for a call that goes well. */
export function scripted(
  script: Partial<Record<Operation, readonly (Fault | undefined)[]>>,
): Faults {
  const made = new Map<Operation, number>()
  return (operation) => {
    const index = made.get(operation) ?? 0
    made.set(operation, index + 1)
    return script[operation]?.[index]
  }
}

/** The call is refused, and changes nothing. */
export function refuse(failure: UpstreamFailure, facts: Partial<UpstreamErrorFacts> = {}): Fault {
  return {
    before() {
      throw upstreamError(failure, facts)
    },
  }
}

/** The call does its work, and then what a repeated call would hear is thrown: its first answer was lost. */
export function loseAnswer(
  failure: UpstreamFailure,
  facts: Partial<UpstreamErrorFacts> = {},
): Fault {
  return {
    after() {
      throw upstreamError(failure, facts)
    },
  }
}

/** Every open upload is forgotten before the call. */
export function forgetUploads(): Fault {
  return {
    before({ uploads }) {
      uploads.clear()
    },
  }
}

/** Of every open upload only the first bytes are kept, before the call. */
export function keepOnly(sizeBytes: number): Fault {
  return {
    before({ uploads }) {
      for (const [id, bytes] of uploads) uploads.set(id, bytes.subarray(0, sizeBytes))
    },
  }
}

/** One bit of every open upload is turned over after the call, as on a bad line. */
export function flipBit(): Fault {
  return {
    after({ uploads }) {
      for (const [id, bytes] of uploads) {
        const damaged = Buffer.from(bytes)
        damaged[0] = (damaged[0] ?? 0) ^ 1
        uploads.set(id, damaged)
      }
    },
  }
}
