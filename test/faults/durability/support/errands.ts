import { type Blob, blobOf, randomBytes } from '../../chaos/support/blobs.ts'
import type { Random } from '../../chaos/support/random.ts'
import type { Agent } from '../../kills/support/agent.ts'
import { cancel, pushForm, pushRaw, pushStream, pushWrong } from '../../kills/support/push.ts'
import { type OpenSession, pushChunks } from '../../kills/support/session.ts'

/** The uploads over several requests that are under way, by location. */
export interface UnderWay {
  readonly sessions: Map<string, OpenSession>
  /** Those whose client asked for their end, and has no answer yet. */
  readonly cancelled: Set<string>
}

const agentsAtOnce = 6
const errandsOfAgent = 4

/**
 * Agents push, each one thing after the other.
 *
 * @param heard is called at answers
 */
export async function sendOnErrands(
  agent: Agent,
  random: Random,
  { sessions, cancelled }: UnderWay,
  heard: () => void,
): Promise<void> {
  const follow = () => {
    let location: string | undefined
    return (session: OpenSession | undefined) => {
      if (session) sessions.set(session.location, session)
      else if (location !== undefined) sessions.delete(location)
      location = session?.location
      heard()
    }
  }

  const giveUp = () => {
    let before: string | undefined
    return (location: string | undefined) => {
      if (location !== undefined) cancelled.add(location)
      else if (before !== undefined) cancelled.delete(before)
      before = location
    }
  }

  async function errand(own: Random): Promise<void> {
    // Of one byte, the Range of an upload does not say whether it is there.
    const draw = () => blobOf(randomBytes(own, own.size(3, 400_000)))
    const blob = draw()
    const end = own.pick(['empty', 'last bytes'] as const)
    const push = own.pick([
      (it: Blob) => pushRaw(agent, it, own.pick(['respond-async', 'wait=5'])),
      (it: Blob) => pushStream(agent, it),
      (it: Blob) => pushForm(agent, it),
      (it: Blob) => pushChunks(agent, it, own.size(1000, 200_000), end, follow()),
      (it: Blob) => pushChunks(agent, it, own.size(1000, 200_000), end, follow()),
      (it: Blob) => cancel(agent, it, giveUp()),
      (it: Blob) => pushWrong(agent, it, draw()),
    ])
    await push(blob)
    heard()
  }

  await Promise.all(
    Array.from({ length: agentsAtOnce }, async () => {
      const own = random.fork()
      for (let count = 0; count < errandsOfAgent; count += 1) await errand(own)
    }),
  )
}
