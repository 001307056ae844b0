import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { BigLayer } from './big-layer.ts'
import { repository } from './registries.ts'

/**
 * POST, then PUT with the whole blob, as containerd and buildkit do.
 *
 * @param asksFirst whether what is there already is left out
 */
export async function pushBlob(
  url: string,
  layer: BigLayer,
  { asksFirst = false } = {},
): Promise<void> {
  if (asksFirst && (await isThere(url, layer))) return
  const start = request(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  const started = answered(start, 202)
  start.end()
  const { location = '' } = (await started).headers
  const target = new URL(location, url)
  target.searchParams.set('digest', layer.digest)
  await sendBody('PUT', target, {}, layer, 201)
}

async function isThere(url: string, { digest }: BigLayer): Promise<boolean> {
  const answer = await fetch(`${url}/v2/${repository}/blobs/${digest}`, { method: 'HEAD' })
  return answer.status === 200
}

/** Resolves when all that it names is in ECR. */
export async function pushManifest(url: string, reference: string, bytes: Buffer): Promise<void> {
  const put = request(`${url}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
  })
  const end = answered(put, 201)
  put.end(bytes)
  await end
}

/** Resolves when it is answered. */
export async function sendBody(
  method: 'POST' | 'PUT',
  url: URL,
  headers: Readonly<Record<string, string>>,
  layer: BigLayer,
  status: number,
): Promise<void> {
  const upload = request(url, {
    method,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': layer.sizeBytes,
      ...headers,
    },
  })
  const end = answered(upload, status)
  await pipeline(layer.stream(), upload)
  await end
}

async function answered(outgoing: ClientRequest, status: number): Promise<IncomingMessage> {
  const [answer]: IncomingMessage[] = await once(outgoing, 'response')
  if (!answer) throw new Error('There is no answer.')
  if (answer.statusCode !== status) {
    throw new Error(`${answer.statusCode}: ${await text(answer)}`)
  }
  answer.resume()
  return answer
}
