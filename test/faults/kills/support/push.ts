import type { Blob } from '../../chaos/support/blobs.ts'
import { type Agent, type Answer, ask, type Sent, surprise } from './agent.ts'

const octets = { 'content-type': 'application/octet-stream' }

/** `POST /v1/layers`. A repeated one does no harm. */
export async function pushRaw(agent: Agent, blob: Blob, prefer = 'wait=5'): Promise<void> {
  await pushWhole(agent, blob, true, () => ({
    headers: { ...octets, prefer },
    body: blob.bytes,
  }))
}

/** The same in chunks, by an agent that does not know the length, and waits for nothing. */
export async function pushStream(agent: Agent, blob: Blob): Promise<void> {
  await pushWhole(agent, blob, true, () => ({
    headers: { ...octets, prefer: 'respond-async' },
    body: piecesOf(blob),
  }))
}

async function* piecesOf({ bytes }: Blob): AsyncGenerator<Uint8Array> {
  const pieceBytes = 16 * 1024
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    yield bytes.subarray(start, start + pieceBytes)
  }
}

export async function pushForm(agent: Agent, blob: Blob): Promise<void> {
  await pushWhole(agent, blob, false, () => {
    const body = new FormData()
    body.set('digest', blob.digest)
    body.set('layer', new File([new Uint8Array(blob.bytes)], 'layer.tar.gz'))
    return { headers: { prefer: 'wait=5' }, body }
  })
}

async function pushWhole(
  agent: Agent,
  blob: Blob,
  hasDigestInQuery: boolean,
  sent: () => Sent,
): Promise<void> {
  const { repository, ledger } = agent
  ledger.good.push({ repository, digest: blob.digest })
  const digest = hasDigestInQuery ? `&digest=${blob.digest}` : ''
  const answer = await ask(agent, 'POST', `/v1/layers?repository=${repository}${digest}`, sent)
  if (answer.status === 201 || answer.status === 202) acknowledge(agent, blob)
  else surprise(agent, `push of ${blob.digest}`, answer)
}

/** Bytes under the digest of others, on each of the two ways. */
export async function pushWrong(agent: Agent, bytes: Blob, claimed: Blob): Promise<void> {
  const { repository, ledger } = agent
  ledger.refused.push({ repository, digest: bytes.digest }, { repository, digest: claimed.digest })
  const raw = `/v1/layers?repository=${repository}&digest=${claimed.digest}`
  mustBeRefused(await ask(agent, 'POST', raw, () => ({ headers: octets, body: bytes.bytes })))

  const location = await begin(agent)
  const put = `${location}?digest=${claimed.digest}`
  mustBeRefused(await ask(agent, 'PUT', put, () => ({ headers: octets, body: bytes.bytes })))

  function mustBeRefused(refusal: Answer): void {
    if (refusal.status !== 400) surprise(agent, `wrong bytes for ${claimed.digest}`, refusal)
  }
}

/** A blob that lies in another repository. Returns whether it was there: if not, its bytes are asked for. */
export async function mount(agent: Agent, blob: Blob, from: string): Promise<boolean> {
  const { repository, ledger } = agent
  ledger.good.push({ repository, digest: blob.digest })
  const path = `/v2/${repository}/blobs/uploads/?mount=${blob.digest}&from=${from}`
  const answer = await ask(agent, 'POST', path)
  if (answer.status === 201) acknowledge(agent, blob)
  else if (answer.status !== 202) surprise(agent, `mount of ${blob.digest}`, answer)
  return answer.status === 201
}

export async function begin(agent: Agent): Promise<string> {
  const answer = await ask(agent, 'POST', `/v2/${agent.repository}/blobs/uploads/`)
  const location = answer.headers.get('location')
  if (answer.status === 202 && location !== null) return location
  surprise(agent, 'a new upload', answer)
  throw new Error('No upload could be begun.')
}

/** An upload that is given up. `onChange` is told while the answer to that is awaited. */
export async function cancel(
  agent: Agent,
  blob: Blob,
  onChange: (location: string | undefined) => void = () => {},
): Promise<void> {
  const location = await begin(agent)
  await ask(agent, 'PATCH', location, () => ({ headers: octets, body: blob.bytes }))
  onChange(location)
  await cancelAt(agent, location)
  onChange(undefined)
}

export async function cancelAt(agent: Agent, location: string): Promise<void> {
  const answer = await ask(agent, 'DELETE', location)
  // It may have been carried out, and the answer lost.
  if (answer.status !== 204 && answer.status !== 404) surprise(agent, 'cancelling', answer)
}

export function acknowledge({ ledger, repository }: Agent, { digest, bytes }: Blob): void {
  ledger.promises += 1
  ledger.acknowledged.push({ repository, digest, sizeBytes: bytes.length })
}
