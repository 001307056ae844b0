import { createImageDeletion } from './image-deletion.ts'
import { createImageQueries } from './image-queries.ts'
import { createImages } from './images.ts'
import type { Journal } from './journal.ts'
import type { LayerBytes } from './layer-bytes.ts'
import { createLayers } from './layers.ts'
import type { RegistryTokens } from './oci/tokens.ts'
import { createOpenUploads } from './open-uploads.ts'
import { createOperations, type Operations } from './operations.ts'
import { createThrottle, type Throttle } from './quotas.ts'
import type { Registry } from './registry.ts'
import { createRegistryControls, type RegistryControls } from './registry-controls.ts'
import { createRepositories, type Repositories } from './repositories.ts'
import type { SwitchBoard } from './switches.ts'
import { createUploads } from './uploads.ts'

/** An AWS account: one registry, and quotas of its own. */
export interface Account {
  readonly registry: Registry
  readonly repositories: Repositories
  readonly operations: Operations
  readonly throttle: Throttle
  readonly controls: RegistryControls
}

export interface AccountParts {
  /** Those of all accounts: layers lie under their digest, whoever has them. */
  readonly bytes: LayerBytes
  readonly tokens: RegistryTokens
  readonly switches: SwitchBoard
  readonly nowMs: () => number
}

export function createAccount(registry: Registry, journal: Journal, parts: AccountParts): Account {
  const { bytes, tokens, switches, nowMs } = parts
  const repositories = createRepositories(journal, registry, switches, nowMs)
  const operations = createOperations({
    registry,
    repositories,
    layers: createLayers(repositories, switches),
    uploads: createUploads({
      state: journal.state,
      openUploads: createOpenUploads(journal, bytes, switches, nowMs),
      registry,
      repositories,
      switches,
    }),
    images: createImages(journal, registry, repositories, switches, nowMs),
    imageQueries: createImageQueries(registry, repositories),
    imageDeletion: createImageDeletion(journal, repositories),
    tokens,
    switches,
    nowMs,
  })
  return {
    registry,
    repositories,
    operations,
    throttle: createThrottle(nowMs),
    controls: createRegistryControls(journal, bytes, repositories),
  }
}
