import type { Journal } from './journal.ts'
import type { LayerBytes } from './layer-bytes.ts'
import type { Repositories } from './repositories.ts'
import { type StateSnapshot, snapshot } from './snapshot.ts'
import { dropUnreferencedLayers } from './unreferenced-layers.ts'

/** What a test does to one registry and sees of it. */
export interface RegistryControls {
  state(): StateSnapshot
  /** @throws Error when the layer is absent or its bytes were not kept */
  layerBytes(repository: string, digest: string): Promise<Buffer>
  /** Undefined when the layer is absent or its bytes were not kept. */
  readLayer(repository: string, digest: string): AsyncIterable<Buffer> | undefined
  /** As ECR may do with a layer that no image names. Its bytes stay. */
  removeLayer(repository: string, digest: string): void
  /** The layers, in all repositories, that no image names: ECR may drop them at any time. Their bytes stay. */
  dropUnreferencedLayers(): void
  createRepository(name: string): void
  /** Creates it unless it is there. */
  ensureRepository(name: string): void
  /** With its layers, images and open uploads. */
  removeRepository(name: string): void
}

export function createRegistryControls(
  journal: Journal,
  bytes: LayerBytes,
  repositories: Repositories,
): RegistryControls {
  const readLayer: RegistryControls['readLayer'] = (repository, digest) => {
    const layer = journal.state.repositories.get(repository)?.layers.get(digest)
    return layer?.bytesKept ? bytes.readLayer(digest) : undefined
  }

  return {
    state: () => snapshot(journal.state),
    readLayer,
    layerBytes: async (repository, digest) => {
      const chunks = readLayer(repository, digest)
      if (!chunks) throw new Error(`no bytes of layer ${digest} in repository ${repository}`)
      const read: Buffer[] = []
      for await (const chunk of chunks) read.push(chunk)
      return Buffer.concat(read)
    },
    removeLayer: (repository, digest) =>
      journal.record({ event: 'layer-removed', repository, digest }),
    dropUnreferencedLayers: () => {
      for (const repository of journal.state.repositories.values()) {
        dropUnreferencedLayers(journal, repository)
      }
    },
    createRepository: (name) => {
      repositories.create(name)
    },
    ensureRepository: (name) => {
      if (!journal.state.repositories.has(name)) repositories.create(name)
    },
    removeRepository: repositories.remove,
  }
}
