import assert from 'node:assert/strict'
import { locationOf, type OciAnswer, type OciClient } from '../../../support/oci-client.ts'

/** Pushes `bytes` as `digest`, right or wrong, and gives the answer to the request that said the digest. */
export type PushWay = (client: OciClient, bytes: Buffer, digest: string) => Promise<OciAnswer>

const octets = { 'content-type': 'application/octet-stream' }

export async function* inPieces(bytes: Buffer, pieceBytes = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    // fetch may keep the memory of what it was given.
    yield Uint8Array.from(bytes.subarray(at, at + pieceBytes))
  }
}

/** As `Content-Range` has it. */
export function rangeOf(firstByte: number, { length }: Uint8Array) {
  return { 'content-range': `${firstByte}-${firstByte + length - 1}` }
}

/** In three chunks, the last of which is short. */
export function thirds(bytes: Buffer): readonly Buffer[] {
  const third = Math.ceil(bytes.length / 3)
  return [0, 1, 2].map((n) => bytes.subarray(n * third, (n + 1) * third))
}

/** The ways of the conformance suite (distribution-spec, `conformance/`), by the names that it gives them. */
export const pushWays: Readonly<Record<string, PushWay>> = {
  'post only': (client, body, digest) =>
    client.post(`?digest=${digest}`, { body, headers: octets }),

  'post+put': async (client, body, digest) => client.put(await client.begin(), digest, { body }),

  async 'chunked single'(client, bytes, digest) {
    const chunk = await client.patch(await client.begin(), bytes, rangeOf(0, bytes))
    return client.put(locationOf(chunk, 202), digest)
  },

  async stream(client, bytes, digest) {
    const streamed = await client.patch(await client.begin(), inPieces(bytes))
    return client.put(locationOf(streamed, 202), digest)
  },

  async 'chunked multi'(client, bytes, digest) {
    return client.put(await patchInOrder(client, thirds(bytes)), digest)
  },

  async 'chunked multi and put chunk'(client, bytes, digest) {
    const [first, second, last] = thirds(bytes)
    assert.ok(first && second && last)
    const location = await patchInOrder(client, [first, second])
    const headers = rangeOf(first.length + second.length, last)
    return client.put(location, digest, { body: last, headers })
  },
}

async function patchInOrder(client: OciClient, chunks: readonly Buffer[]): Promise<string> {
  let location = await client.begin()
  let offsetBytes = 0
  for (const chunk of chunks) {
    const answer = await client.patch(location, chunk, rangeOf(offsetBytes, chunk))
    offsetBytes += chunk.length
    location = locationOf(answer, 202)
    assert.equal(answer.headers.get('range'), `0-${offsetBytes - 1}`)
  }
  return location
}
