import { type Blob, blobOf, randomBytes } from '../../chaos/support/blobs.ts'
import type { Random } from '../../chaos/support/random.ts'
import type { Agent } from './agent.ts'
import { putImage } from './image.ts'
import type { Ledger } from './ledger.ts'
import { cancel, pushForm, pushRaw, pushStream, pushWrong } from './push.ts'
import { pushChunks } from './session.ts'
import type { Site } from './site.ts'

const agentsAtOnce = 8

/** Agents that push one thing after the other, until `isOver`. Resolves when each has come to an end of its last. */
export async function workHard(
  site: Site,
  ledger: Ledger,
  random: Random,
  isOver: () => boolean,
  patienceMs?: number,
): Promise<void> {
  const agentOf = (repository: string): Agent => ({
    ledger,
    repository,
    url: site.url,
    ...(patienceMs !== undefined && { patienceMs }),
  })
  await Promise.all(
    Array.from({ length: agentsAtOnce }, async (_, index) => {
      const own = random.fork()
      for (let version = 0; !isOver(); version += 1) await errand(agentOf, own, `tag-${index}`)
    }),
  )
}

async function errand(
  agentOf: (repository: string) => Agent,
  random: Random,
  tag: string,
): Promise<void> {
  const agent = agentOf(random.pick(['team/app', 'team/other', 'team/spare']))
  const draw = () => blobOf(randomBytes(random, random.size(3, 500_000)))
  await random.weighted([
    [() => pushRaw(agent, draw(), random.pick(['respond-async', 'wait=5'])), 2],
    [() => pushStream(agent, draw()), 1],
    [() => pushForm(agent, draw()), 1],
    [() => pushSession(agent, random, draw()), 3],
    [() => cancel(agent, draw()), 1],
    [() => pushWrong(agentOf('team/refused'), draw(), draw()), 1],
    [() => pushImage(agent, random, tag, draw), 2],
  ])()
}

/** Chunks of two bytes at least: of one byte, the Range of an upload does not say whether it is there. */
function pushSession(agent: Agent, random: Random, blob: Blob): Promise<void> {
  const chunkBytes = random.size(Math.ceil(blob.bytes.length / 20) + 1, 300_000)
  return pushChunks(agent, blob, chunkBytes, random.pick(['empty', 'last bytes'] as const))
}

async function pushImage(
  agent: Agent,
  random: Random,
  tag: string,
  draw: () => Blob,
): Promise<void> {
  const [config, ...layers] = [draw(), draw(), draw()] as const
  for (const blob of [config, ...layers]) await pushSession(agent, random, blob)
  await putImage(agent, tag, config, ...layers)
}
