import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import type { Sandbox } from '../../../../src/sandbox/sandbox.ts'
import { jsonObject, member } from '../../aws/json.ts'
import { digestOf } from '../../aws/layer.ts'
import { type Repository, tag } from '../../push/support/registry.ts'

/**
 * Reads every byte of the image that ECR Public has under the tag: resolves to the digests of its uncompressed layers. Fails when something
 * does not match its digest.
 */
export async function pushedDiffIds(sandbox: Sandbox, repository: Repository): Promise<string[]> {
  const { tags, images } = contentOf(sandbox, repository)
  const image = images.find(({ digest }) => digest === tags[tag])
  assert.ok(image, `${repository} has no image ${tag}`)
  assert.equal(digestOf(image.manifest), image.digest)
  const { config, layers } = jsonObject(JSON.parse(image.manifest))
  assert.ok(Array.isArray(layers))
  const read = async (descriptor: unknown) => {
    const digest = member(descriptor, 'digest', 'string')
    const bytes = await sandbox.layerBytes(repository, digest)
    assert.equal(digestOf(bytes), digest)
    return bytes
  }

  await read(config)
  const layerBytes = await Promise.all(layers.map(read))
  return layerBytes.map((bytes) => digestOf(gunzipSync(bytes)))
}

/** Fails when ECR Public has anything in a repository. */
export function assertNothingPushed(sandbox: Sandbox, repository: Repository): void {
  const { layers, images } = contentOf(sandbox, repository)
  assert.deepEqual({ layers, images }, { layers: [], images: [] })
}

function contentOf(sandbox: Sandbox, repository: Repository) {
  const content = sandbox.state().repositories.find(({ name }) => name === repository)
  assert.ok(content)
  return content
}
