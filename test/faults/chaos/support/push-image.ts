import { imageOf } from '../../../support/manifests.ts'
import { parseDigest } from '../../../../src/registry/digest.ts'
import type { Manifest } from '../../../../src/registry/manifest.ts'
import type { TagPush } from '../../invariants.ts'
import { type Agent, codeOf, isPassing, persevere, type TryEnd } from './agent.ts'
import type { Blob } from './blobs.ts'
import type { Answer } from './conversation.ts'
import type { PushEnd } from './ledger.ts'
import { pushBlob } from './push-blob.ts'

/** An image as an agent has built it. */
export interface Image {
  readonly tag: string
  /** The first is the config. */
  readonly blobs: readonly [Blob, ...Blob[]]
}

/** As clients push: its blobs, each unless it is there, then the manifest. */
export async function pushImage(agent: Agent, { tag, blobs }: Image): Promise<PushEnd> {
  const { random, ledger, repository } = agent
  for (const blob of blobs) {
    const isThere = random.chance(0.5) && (await isKnown(agent, blob))
    const end = isThere || (await pushBlob(agent, blob, random.pick(['chunks', 'put', 'post'])))
    if (end !== true && end !== 'acknowledged') return end
  }

  const manifest = manifestOf(blobs)
  const isByDigest = random.chance(0.3)
  const reference = isByDigest ? `${manifest.digest}?tag=${tag}` : tag
  const path = `/v2/${repository}/manifests/${reference}`
  const end = await persevere(agent, () => putManifest(agent, path, manifest, tag, isByDigest))
  ledger.ends[end] += 1
  if (end === 'acknowledged') {
    const there = blobs.map(({ digest, bytes }) => ({
      repository,
      digest,
      sizeBytes: bytes.length,
    }))
    ledger.acknowledged.push(...there)
  }
  return end
}

function manifestOf([config, ...layers]: Image['blobs']): Manifest {
  return imageOf(described(config), ...layers.map(described))
}

function described({ digest, bytes }: Blob) {
  return { digest: parseDigest(digest), sizeBytes: bytes.length }
}

/** Whatever fails, the answer is yes or no: a client that sends a blob again does no harm. */
async function isKnown(agent: Agent, { digest }: Blob): Promise<boolean> {
  const path = `/v2/${agent.repository}/blobs/${digest}`
  const answer = await agent.send('HEAD', path).catch(() => undefined)
  if (answer && answer.status >= 500) agent.ledger.surprises.push(`HEAD ${path}: ${answer.status}`)
  return answer?.status === 200
}

/** Longer than a manifest ever waits here. */
const patienceMs = 30_000

async function putManifest(
  agent: Agent,
  path: string,
  { bytes, mediaType, digest }: Manifest,
  tag: string,
  isChecked: boolean,
): Promise<TryEnd> {
  const { ledger, repository } = agent
  let push: TagPush = { repository, tag, digest, begunAt: ledger.now() }
  const place = ledger.tags.push(push) - 1
  const note = (news: Partial<TagPush>) => {
    push = { ...push, ...news }
    ledger.tags[place] = push
  }
  const request = { headers: { 'content-type': mediaType }, body: bytes, isChecked, patienceMs }

  let answer = await agent.send('PUT', path, request)
  while (answer.status === 307) {
    if (push.arrivedAt === undefined) note({ arrivedAt: ledger.now() })
    answer = await agent.send('PUT', String(answer.headers.location), request)
  }
  if (answer.status === 201) {
    note({ acknowledgedAt: ledger.now() })
    return 'acknowledged'
  }
  if (isPassing(answer)) return 'again'
  if (!agent.talk.isDamaged()) ledger.surprises.push(surprise(path, answer))
  return 'refused'
}

function surprise(path: string, answer: Answer): string {
  return `PUT ${path}: ${answer.status} ${codeOf(answer)} ${answer.body.toString()}`
}
