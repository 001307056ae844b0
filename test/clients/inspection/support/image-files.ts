import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The layers of an image on disk, and what its config says that they inflate to, in their order. */
export interface ImageFiles {
  readonly layers: readonly string[]
  readonly diffIds: readonly string[]
}

async function readJson(path: string) {
  return JSON.parse(await readFile(path, 'utf8'))
}

/** Of the only image in a folder that holds an OCI image layout. */
export async function readOciLayout(folder: string): Promise<ImageFiles> {
  const blob = (digest: string) => join(folder, 'blobs', digest.replace(':', '/'))
  const index = await readJson(join(folder, 'index.json'))
  const manifest = await readJson(blob(index.manifests[0].digest))
  const config = await readJson(blob(manifest.config.digest))
  const layers: readonly { readonly digest: string }[] = manifest.layers
  return { layers: layers.map(({ digest }) => blob(digest)), diffIds: config.rootfs.diff_ids }
}

/** Of the only image in a folder to which an archive of `docker save` was unpacked. */
export async function readDockerArchive(folder: string): Promise<ImageFiles> {
  const [image] = await readJson(join(folder, 'manifest.json'))
  const config = await readJson(join(folder, image.Config))
  const layers: readonly string[] = image.Layers
  return { layers: layers.map((path) => join(folder, path)), diffIds: config.rootfs.diff_ids }
}

/** Of the image in a folder as the transport `dir:` of containers/image writes it. */
export async function readDirTransport(folder: string): Promise<ImageFiles> {
  const blob = (digest: string) => join(folder, digest.replace('sha256:', ''))
  const manifest = await readJson(join(folder, 'manifest.json'))
  const config = await readJson(blob(manifest.config.digest))
  const layers: readonly { readonly digest: string }[] = manifest.layers
  return { layers: layers.map(({ digest }) => blob(digest)), diffIds: config.rootfs.diff_ids }
}
