import type { Agent } from './agent.ts'
import { type Blob, blobOf, drawBlob, randomBytes, spoil } from './blobs.ts'
import type { Ledger, PushEnd } from './ledger.ts'
import { isPassing, persevere } from './agent.ts'
import { entries, type Entry, pushBlob } from './push-blob.ts'
import { pushImage } from './push-image.ts'
import type { Random, Weighted } from './random.ts'

export const repositories = ['team/app', 'team/base'] as const

/** One thing that one agent does. */
export interface Errand {
  readonly random: Random
  readonly repository: string
  run(agent: Agent): Promise<PushEnd | undefined>
}

const kinds: readonly Weighted<Entry | 'wrong' | 'image' | 'mount' | 'left'>[] = [
  ['raw', 14],
  ['form', 9],
  ['chunks', 14],
  ['put', 9],
  ['post', 9],
  ['wrong', 14],
  ['image', 22],
  ['mount', 5],
  ['left', 4],
]

/** What the agents of one run do, in the order in which they set about it. Layers of the pool are pushed by several of them. */
export function planErrands(random: Random, count: number, ledger: Ledger): readonly Errand[] {
  const pool = Array.from({ length: Math.ceil(count / 5) }, () => good(drawBlob(random)))
  const tags = Array.from({ length: 2 }, (_, index) => `v${index}`)

  function good(blob: Blob): Blob {
    for (const repository of repositories) ledger.good.push({ repository, digest: blob.digest })
    return blob
  }

  const drawGood = (own: Random) => (own.chance(0.4) ? own.pick(pool) : good(drawBlob(own)))

  function errand(own: Random, repository: string): Errand['run'] {
    const kind = own.weighted(kinds)
    if (kind === 'wrong') return wrong(own, repository, ledger)
    if (kind === 'image') return image(own)
    if (kind === 'mount') {
      const blob = own.pick(pool)
      return (agent) => mountOrPush(agent, blob)
    }
    if (kind === 'left') {
      const bytes = randomBytes(own, own.size(1, 200_000))
      return (agent) => leave(agent, bytes)
    }
    const blob = drawGood(own)
    return (agent) => pushBlob(agent, blob, kind)
  }

  function image(own: Random): Errand['run'] {
    const config = good(blobOf(Buffer.from(`{"os":"linux","build":${own.next()}}`)))
    const layers = Array.from({ length: own.integer(1, 4) }, () => drawGood(own))
    const tag = own.pick(tags)
    return (agent) => pushImage(agent, { tag, blobs: [config, ...layers] })
  }

  return Array.from({ length: count }, () => {
    const own = random.fork()
    const repository = own.pick(repositories)
    return { random: own, repository, run: errand(own, repository) }
  })
}

/** A push whose bytes are not what it says. */
function wrong(own: Random, repository: string, ledger: Ledger): Errand['run'] {
  const blob = drawBlob(own)
  const bytes = spoil(own, blob)
  const entry: Entry = own.pick(entries)
  ledger.refused.push({ repository, digest: blob.digest })
  ledger.refused.push({ repository, digest: blobOf(bytes).digest })
  return (agent) => pushBlob(agent, blob, entry, bytes)
}

async function mountOrPush(agent: Agent, blob: Blob): Promise<PushEnd> {
  const { ledger, random, repository } = agent
  const from = random.chance(0.5)
    ? `&from=${repositories.find((other) => other !== repository)}`
    : ''
  const path = `/v2/${repository}/blobs/uploads/?mount=${blob.digest}${from}`
  let isMounted = false
  const end = await persevere(agent, async () => {
    const answer = await agent.send('POST', path)
    isMounted = answer.status === 201
    return isPassing(answer) ? 'again' : 'acknowledged'
  })
  if (!isMounted) return end === 'given up' ? end : pushBlob(agent, blob, random.pick(entries))
  ledger.ends.acknowledged += 1
  ledger.acknowledged.push({ repository, digest: blob.digest, sizeBytes: blob.bytes.length })
  return 'acknowledged'
}

/** An agent that begins an upload and never ends it; some say so. */
async function leave(agent: Agent, bytes: Buffer): Promise<undefined> {
  try {
    const begun = await agent.send('POST', `/v2/${agent.repository}/blobs/uploads/`)
    const { location } = begun.headers
    if (location === undefined) return
    await agent.send('PATCH', location, { body: bytes, isChunked: agent.random.chance(0.5) })
    if (agent.random.chance(0.5)) await agent.send('DELETE', location)
  } catch {
    // It leaves all the same.
  }
}
