import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { jsonObject, member } from '../../aws/json.ts'
import { digestOf } from '../../aws/layer.ts'
import { type Repository, tag } from './registry.ts'
import type { Blob } from './sent-layers.ts'

const manifestMediaTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

export interface Published {
  readonly manifestDigest: string
  /** Config and layers. */
  readonly blobs: readonly Blob[]
  readonly diffIds: readonly string[]
}

/** Reads every byte of an image through the registry API. Fails when something does not match its digest. */
export async function readPublished(url: string, repository: Repository): Promise<Published> {
  const base = `${url}/v2/${repository}`
  const manifest = await read(`${base}/manifests/${tag}`)
  const { config, layers } = jsonObject(JSON.parse(manifest.toString()))
  assert.ok(Array.isArray(layers))
  const readBlob = async (descriptor: unknown) => {
    const digest = member(descriptor, 'digest', 'string')
    const sizeBytes = member(descriptor, 'size', 'number')
    const bytes = await read(`${base}/blobs/${digest}`)
    assert.deepEqual({ digest: digestOf(bytes), sizeBytes: bytes.length }, { digest, sizeBytes })
    return { digest, sizeBytes, bytes }
  }

  const layerBlobs = await Promise.all(layers.map(readBlob))
  return {
    manifestDigest: digestOf(manifest),
    blobs: [await readBlob(config), ...layerBlobs],
    diffIds: layerBlobs.map(({ bytes }) => digestOf(gunzipSync(bytes))),
  }
}

async function read(url: string): Promise<Buffer> {
  const response = await fetch(url, { headers: { accept: manifestMediaTypes.join(', ') } })
  const bytes = Buffer.from(await response.arrayBuffer())
  assert.equal(response.status, 200, `${url}: ${bytes.toString()}`)
  return bytes
}
