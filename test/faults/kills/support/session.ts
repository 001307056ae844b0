import type { Blob } from '../../chaos/support/blobs.ts'
import { type Agent, type Answer, ask, surprise } from './agent.ts'
import { acknowledge, begin } from './push.ts'

/** How an upload over several requests ends: with a PUT without a body, or with one that brings the last bytes. */
export type SessionEnd = 'empty' | 'last bytes'

/** What an upload was promised, by the answers that came. */
export interface OpenSession {
  readonly repository: string
  readonly location: string
  readonly blob: Blob
  /** By the Range of the last 202. */
  readonly acknowledgedBytes: number
  /** The PUT that may have been carried out. */
  readonly ending?: SessionEnd
}

const octets = { 'content-type': 'application/octet-stream' }

/** An upload is gone that may be gone: its client starts anew. */
export class UploadGone extends Error {}

/** Pushes a blob in chunks. Whatever is lost on the way, the client asks how far its upload came, and goes on from there. */
export async function pushChunks(
  agent: Agent,
  blob: Blob,
  chunkBytes: number,
  end: SessionEnd,
  onChange: (session: OpenSession | undefined) => void = () => {},
): Promise<void> {
  agent.ledger.good.push({ repository: agent.repository, digest: blob.digest })
  for (;;) {
    const location = await begin(agent)
    const session = { repository: agent.repository, location, blob, acknowledgedBytes: 0 }
    onChange(session)
    try {
      await send(agent, session, chunkBytes, end, onChange)
      return
    } catch (error) {
      if (!(error instanceof UploadGone)) throw error
    } finally {
      onChange(undefined)
    }
  }
}

/**
 * Goes on with an upload that was broken off, at whatever was promised, until it is a layer.
 *
 * @throws UploadGone
 */
export async function finishSession(
  agent: Agent,
  session: OpenSession,
  chunkBytes: number,
  end: SessionEnd,
): Promise<void> {
  await send(agent, session, chunkBytes, end, () => {}, true)
}

async function send(
  agent: Agent,
  before: OpenSession,
  chunkBytes: number,
  end: SessionEnd,
  onChange: (session: OpenSession | undefined) => void,
  isBrokenOff = false,
): Promise<void> {
  const { location, blob } = before
  const { bytes, digest } = blob
  let session = before
  let offsetBytes = before.acknowledgedBytes
  /** A chunk that was left alone may be taken later than its client asks how far the upload came. */
  let isInDoubt = false

  function promised(more: Partial<OpenSession>): void {
    session = { ...session, ...more }
    onChange(session)
  }

  /** Where the upload stands: never before what was acknowledged. */
  async function resume(): Promise<void> {
    const answer = await ask(agent, 'GET', location)
    if (answer.status === 404) return gone(answer)
    const standsAt = storedBytes(answer, session.acknowledgedBytes)
    if (answer.status !== 204 || standsAt < session.acknowledgedBytes || standsAt > bytes.length) {
      surprise(agent, `${location} at ${standsAt}, after ${session.acknowledgedBytes}`, answer)
    }
    offsetBytes = standsAt
  }

  /** A PUT that brought bytes may have sealed the layer before the crash, or have ended the upload. */
  function gone(answer: Answer): never {
    if (session.ending !== 'last bytes') surprise(agent, `${location} is gone`, answer)
    throw new UploadGone(`${location} is gone: ${answer.text}`)
  }

  async function patch(chunk: Uint8Array): Promise<void> {
    const range = `${offsetBytes}-${offsetBytes + chunk.length - 1}`
    const sent = { headers: { ...octets, 'content-range': range }, body: chunk }
    const doubtful = new Error('The chunk may have been taken.')
    try {
      const answer = await ask(
        agent,
        'PATCH',
        location,
        () => sent,
        () => Promise.reject(doubtful),
      )
      if (answer.status === 404) return gone(answer)
      if (answer.status === 416 && isInDoubt) return await resume()
      if (answer.status !== 202) {
        surprise(agent, `PATCH ${range} ${location}`, answer)
        throw new Error(`A chunk was refused: ${answer.status}.`)
      }
      offsetBytes += chunk.length
      agent.ledger.promises += 1
      promised({ acknowledgedBytes: offsetBytes })
      if (storedBytes(answer, offsetBytes) !== offsetBytes)
        surprise(agent, `PATCH ${range}`, answer)
    } catch (error) {
      if (error !== doubtful) throw error
      isInDoubt = true
      await resume()
    }
  }

  // A PUT without bytes may have been carried out, and is asked again as it is.
  if (isBrokenOff && before.ending !== 'empty') await resume()
  const chunksEnd = end === 'empty' ? bytes.length : bytes.length - 1
  while (offsetBytes < chunksEnd && before.ending !== 'empty') {
    await patch(bytes.subarray(offsetBytes, Math.min(offsetBytes + chunkBytes, chunksEnd)))
  }

  const put = `${location}?digest=${digest}`
  promised({ ending: offsetBytes < bytes.length ? 'last bytes' : 'empty' })
  const answer = await ask(
    agent,
    'PUT',
    put,
    () => {
      const rest = bytes.subarray(offsetBytes)
      return { headers: octets, ...(rest.length > 0 && { body: rest }) }
    },
    async () => {
      if (session.ending === 'last bytes') await resume()
    },
  )
  if (answer.status === 201) return acknowledge(agent, blob)
  if (answer.status === 404) return gone(answer)
  surprise(agent, `PUT ${put}`, answer)
}

/** `0-0` is no byte, or one: the larger of what is known counts. */
function storedBytes({ headers }: Answer, atLeast = 0): number {
  const last = Number(headers.get('range')?.split('-')[1] ?? Number.NaN)
  return last === 0 ? Math.max(0, Math.min(1, atLeast)) : last + 1
}
