import { type Agent, codeOf, isPassing, persevere, type TryEnd } from './agent.ts'
import type { Blob } from './blobs.ts'
import type { Answer, Request } from './conversation.ts'
import type { PushEnd } from './ledger.ts'
import { createOciUpload } from './oci-upload.ts'

/** The ways on which a layer can be pushed. */
export type Entry = 'raw' | 'form' | 'chunks' | 'put' | 'post'
export const entries: readonly Entry[] = ['raw', 'form', 'chunks', 'put', 'post']

/** Sends `bytes` as what `blob` is called, and notes what came of it. */
export async function pushBlob(
  agent: Agent,
  blob: Blob,
  entry: Entry,
  bytes: Buffer = blob.bytes,
): Promise<PushEnd> {
  const isGood = bytes === blob.bytes
  const end = await persevere(agent, wayOf(agent, blob.digest, bytes, entry))
  const { ledger, repository } = agent
  ledger.ends[end] += 1
  if (end === 'acknowledged' && isGood) {
    ledger.acknowledged.push({ repository, digest: blob.digest, sizeBytes: bytes.length })
  } else if (end === 'acknowledged') {
    ledger.surprises.push(`${blob.digest} was acknowledged by ${entry}, with other bytes`)
  } else if (end === 'refused' && isGood && !agent.talk.isDamaged()) {
    ledger.surprises.push(`${blob.digest} was refused by ${entry}, with the right bytes`)
  }
  return end
}

function wayOf(agent: Agent, digest: string, bytes: Buffer, entry: Entry): () => Promise<TryEnd> {
  switch (entry) {
    case 'raw':
      return () => postRaw(agent, digest, bytes)
    case 'form':
      return () => postForm(agent, digest, bytes)
    case 'post':
      return () => postBlob(agent, digest, bytes)
    case 'put':
    case 'chunks':
      return createOciUpload(agent, digest, bytes, entry)
  }
}

async function postRaw(agent: Agent, digest: string, bytes: Buffer): Promise<TryEnd> {
  const path = `/v1/layers?repository=${agent.repository}&digest=${digest}`
  return judged(agent, await agent.send('POST', path, withPreference(agent, bytes)))
}

async function postForm(agent: Agent, digest: string, bytes: Buffer): Promise<TryEnd> {
  const boundary = 'a-boundary-that-no-layer-has'
  const field = (name: string, value: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const file = `--${boundary}\r\ncontent-disposition: form-data; name="layer"; filename="layer.tar"\r\n\r\n`
  const isDigestFirst = agent.random.chance(0.5)
  const body = Buffer.concat([
    Buffer.from(field('repository', agent.repository)),
    Buffer.from(`${isDigestFirst ? field('digest', digest) : ''}${file}`),
    bytes,
    Buffer.from(`\r\n${isDigestFirst ? '' : field('digest', digest)}--${boundary}--\r\n`),
  ])
  const request = withPreference(agent, body)
  const headers = {
    ...request.headers,
    'content-type': `multipart/form-data; boundary=${boundary}`,
  }
  return judged(agent, await agent.send('POST', '/v1/layers', { ...request, headers }))
}

async function postBlob(agent: Agent, digest: string, body: Buffer): Promise<TryEnd> {
  const path = `/v2/${agent.repository}/blobs/uploads/?digest=${digest}`
  const answer = await agent.send('POST', path, { ...octets, body, isChecked: true })
  return judged(agent, answer)
}

const octets = { headers: { 'content-type': 'application/octet-stream' } }

function withPreference({ random }: Agent, body: Buffer): Request {
  const prefer = random.pick(['respond-async', 'wait=1', 'wait=3', ''])
  return {
    headers: { ...octets.headers, ...(prefer !== '' && { prefer }) },
    body,
    isChunked: random.chance(0.3),
    isChecked: true,
  }
}

/** Of a request that brings a whole layer. */
function judged({ ledger, talk }: Agent, answer: Answer): TryEnd {
  if (answer.status === 201 || answer.status === 202) return 'acknowledged'
  if (isPassing(answer)) return 'again'
  if (codeOf(answer) !== 'digest_mismatch' && !talk.isDamaged()) {
    ledger.surprises.push(`${answer.status} ${answer.body.toString()}`)
  }
  return 'refused'
}
