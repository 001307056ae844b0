import type { ECRPUBLICClient } from '@aws-sdk/client-ecr-public'
import { UpstreamError } from '../../publish/upstream-error.ts'
import type { Catalog } from '../../reads/catalog.ts'
import type { Observer } from '../../registry/events.ts'
import { createAttempt } from '../attempt.ts'
import { type Turns, unlimited } from '../limiter/turns.ts'
import { createObservedCall } from '../observed-call.ts'
import { createRegistryAliases } from './aliases.ts'
import { getBlob } from './blobs.ts'
import { createHttpExchange } from './http-exchange.ts'
import { layerSizeBytes } from './layer-size.ts'
import { referrersList, tagList } from './lists.ts'
import { getManifest, headManifest } from './manifests.ts'
import { readAllPages } from './pages.ts'
import { createRegistryRead, type ReadOperation } from './read.ts'
import { createRegistryToken } from './token.ts'

export interface EcrCatalogSettings {
  readonly client: ECRPUBLICClient
  /** Of the registry, such as `https://public.ecr.aws`. */
  readonly endpoint: URL
  readonly observer: Observer
  readonly maxSockets: number
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number
  /** The time of day in milliseconds. */
  readonly timeOfDay?: () => number
  /** For the answer to one call. */
  readonly timeoutMs?: number
  /** When each call may go out; at once when absent. */
  readonly turns?: Turns
}

export interface EcrCatalog extends Catalog {
  /** Breaks off what is under way. */
  close(): void
}

const readOperations: readonly ReadOperation[] = [
  'GetManifest',
  'HeadManifest',
  'GetBlob',
  'ListTags',
  'GetReferrers',
]

/** The calls that reads make, as AWS names them, or the distribution specification; beside BatchCheckLayerAvailability. */
export const registryOperations: readonly string[] = [
  'GetAuthorizationToken',
  'DescribeRegistries',
  ...readOperations,
]

/**
 * What a registry of ECR Public has: manifests, tags and blobs from the registry endpoint, the only place that gives them out, and the
 * size of a layer from the API, because HEAD of a blob is answered 401 there (aws/containers-roadmap#2671). Each call is made once.
 */
export function createEcrCatalog(settings: EcrCatalogSettings): EcrCatalog {
  const { client, endpoint, observer, maxSockets } = settings
  const { now = () => performance.now(), timeOfDay = Date.now, timeoutMs = 10_000 } = settings
  const { turns = unlimited } = settings
  const attempt = createAttempt(client, observer, now, turns)
  const exchange = createHttpExchange(maxSockets)
  const read = createRegistryRead({
    endpoint,
    exchange,
    token: createRegistryToken(attempt, timeOfDay),
    aliases: createRegistryAliases(attempt),
    observed: createObservedCall(observer, now, turns),
    timeoutMs,
  })

  return {
    manifest: (call, reference) => orUnknown(read(call, getManifest(reference))),

    async manifestHead(call, reference) {
      const head = await orUnknown(read(call, headManifest(reference)))
      return head === 'incomplete' ? orUnknown(read(call, getManifest(reference))) : head
    },

    async tags(call) {
      return (await readAllPages(read, call, tagList)).toSorted()
    },

    referrers: (call, subject) => orUnknown(readAllPages(read, call, referrersList(subject)), 405),

    layerSizeBytes: (call, digest) => layerSizeBytes(attempt, call, digest, timeoutMs),

    blob: (call, digest) => orUnknown(read(call, getBlob(digest, call.signal))),

    close: exchange.close,
  }
}

/**
 * What the registry does not have is no failure. A repository that it does not have is one, where the answer tells them apart: one to
 * HEAD has no code.
 */
async function orUnknown<T>(asked: Promise<T>, alsoStatus = 404): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error
    const { status } = error.facts
    const isNo = status === 404 || status === alsoStatus
    if (isNo && error.failure !== 'repository_unknown') return undefined
    throw error
  }
}
