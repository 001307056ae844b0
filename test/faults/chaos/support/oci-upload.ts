import { createHash } from 'node:crypto'
import { type Agent, codeOf, isPassing, type TryEnd } from './agent.ts'
import type { Answer } from './conversation.ts'

/**
 * A blob over several requests, by POST, PATCH and PUT. After each failure the client asks how far its upload came, or starts anew. What
 * it returns is one try.
 */
export function createOciUpload(
  agent: Agent,
  digest: string,
  bytes: Buffer,
  entry: 'chunks' | 'put',
): () => Promise<TryEnd> {
  const { random, ledger, repository } = agent
  let location: string | undefined
  let offsetBytes = 0
  /** Of this upload, whatever became of the answers since. */
  let acknowledgedBytes = 0
  /** The request whose answer was lost, or was no good one. */
  let doubt: 'patch' | 'put' | undefined

  async function begin(): Promise<void> {
    const answer = await agent.send('POST', `/v2/${repository}/blobs/uploads/`)
    if (answer.status !== 202) {
      unexpected(answer)
      return
    }
    location = answer.headers.location
    offsetBytes = 0
    acknowledgedBytes = 0
    doubt = undefined
  }

  async function ask(upload: string): Promise<void> {
    const answer = await agent.send('GET', upload)
    const range = answer.headers.range
    // `0-0` is no byte, or one: nobody can tell.
    if (answer.status !== 204 || range === undefined || range === '0-0') {
      forget()
      return
    }
    offsetBytes = Number(range.slice(2)) + 1
    doubt = undefined
    if (offsetBytes < acknowledgedBytes || offsetBytes > bytes.length) {
      ledger.surprises.push(`${upload} is at ${range} after ${acknowledgedBytes} bytes`)
    }
  }

  function forget(): void {
    location = undefined
  }

  async function patch(upload: string, chunk: Buffer): Promise<boolean> {
    const isRanged = random.chance(0.5)
    const last = offsetBytes + chunk.length - 1
    doubt = 'patch'
    const answer = await agent.send('PATCH', upload, {
      headers: {
        'content-type': 'application/octet-stream',
        ...(isRanged && { 'content-range': `${offsetBytes}-${last}` }),
        ...(random.chance(0.3) && { 'content-digest': contentDigest(chunk) }),
      },
      body: chunk,
      isChunked: random.chance(0.3),
      isChecked: true,
    })
    if (answer.status !== 202) return unexpected(answer)
    doubt = undefined
    if (answer.headers.range !== `0-${last}`) {
      ledger.surprises.push(`${upload} is at ${answer.headers.range}, not at ${last}`)
    }
    offsetBytes += chunk.length
    acknowledgedBytes = offsetBytes
    return true
  }

  async function put(upload: string, rest: Buffer): Promise<TryEnd> {
    doubt = 'put'
    const body = rest.length > 0 ? { body: rest, isChecked: true } : {}
    const headers = { 'content-type': 'application/octet-stream' }
    const answer = await agent.send('PUT', `${upload}?digest=${digest}`, { headers, ...body })
    if (answer.status === 201) return 'acknowledged'
    if (codeOf(answer) === 'digest_mismatch') return 'refused'
    unexpected(answer)
    return 'again'
  }

  /** What a client can do something about: another offset, a session that is gone, a chunk that was damaged. */
  function unexpected(answer: Answer): false {
    const code = codeOf(answer)
    if (code === 'upload_unknown') forget()
    const isMendable =
      code === 'upload_unknown' ||
      code === 'upload_range_invalid' ||
      (code === 'chunk_digest_mismatch' && agent.talk.isDamaged())
    if (!isPassing(answer) && !isMendable) {
      ledger.surprises.push(`${entry}: ${answer.status} ${answer.body.toString()}`)
    }
    return false
  }

  /** A PUT may be repeated as it is; a chunk may not, since it may have been taken. */
  async function resolveDoubt(upload: string): Promise<void> {
    if (random.chance(0.3)) forget()
    else if (doubt === 'patch' || random.chance(0.5)) await ask(upload)
  }

  return async () => {
    if (location !== undefined && doubt) await resolveDoubt(location)
    if (location === undefined) await begin()
    if (location === undefined) return 'again'
    // The PUT brings what is left then: without chunks, all of it.
    const chunksEnd = entry === 'chunks' && doubt === undefined ? bytes.length : 0
    while (offsetBytes < chunksEnd && random.chance(0.8)) {
      const chunk = bytes.subarray(offsetBytes, offsetBytes + random.size(1, bytes.length) + 1)
      if (!(await patch(location, chunk))) return 'again'
    }
    return put(location, bytes.subarray(offsetBytes))
  }
}

function contentDigest(chunk: Buffer): string {
  return `sha-256=:${createHash('sha256').update(chunk).digest('base64')}:`
}
