import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOf } from '../../aws/layer.ts'
import type { Outcome } from '../../push/support/home.ts'
import type { Workshop } from './workshop.ts'

const gzip = Buffer.of(0x1f, 0x8b)
const zstd = Buffer.of(0x28, 0xb5, 0x2f, 0xfd)

/** Has podman pull, and so unpack, an image whose only layer is this file. */
export async function pullByPodman(workshop: Workshop, layerName: string): Promise<Outcome> {
  const layer = await workshop.read(layerName)
  await workshop.shell('rm -rf image storage run')
  await writeLayout(join(workshop.folder, 'image'), layer, await inflated(workshop, layerName))
  const store = '--root storage --runroot run --storage-driver vfs'
  return workshop.attempt(`podman ${store} pull --quiet oci:image:v1`)
}

/** What lies inside, as far as a tool gets: podman is to fail at the layer, not at its diff_id. */
async function inflated(workshop: Workshop, layerName: string): Promise<Buffer> {
  const layer = await workshop.read(layerName)
  if (isOf(gzip, layer)) await workshop.attempt(`gzip -dc < ${layerName} > inflated`)
  else if (isOf(zstd, layer)) await workshop.attempt(`zstd -qdc < ${layerName} > inflated`)
  else return layer
  return workshop.read('inflated')
}

function isOf(magic: Buffer, layer: Buffer): boolean {
  return layer.subarray(0, magic.length).equals(magic)
}

async function writeLayout(folder: string, layer: Buffer, inside: Buffer): Promise<void> {
  const suffix = isOf(gzip, layer) ? '+gzip' : isOf(zstd, layer) ? '+zstd' : ''
  const config = json({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(inside)] },
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor(`application/vnd.oci.image.layer.v1.tar${suffix}`, layer)],
  })
  const named = { annotations: { 'org.opencontainers.image.ref.name': 'v1' } }
  const index = {
    schemaVersion: 2,
    manifests: [
      { ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest), ...named },
    ],
  }
  const blobs = [layer, config, manifest].map((blob): [string, Buffer] => [
    `blobs/${digestOf(blob).replace(':', '/')}`,
    blob,
  ])
  const files: [string, Buffer][] = [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json(index)],
    ...blobs,
  ]
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}
