import { fileURLToPath } from 'node:url'
import { installedClient } from '../clients/support/installed-client.ts'

const folders = [fileURLToPath(new URL('../../.cache/image-tools/bin', import.meta.url))]
const install = 'run scripts/install-image-tools .cache/image-tools'

export const hadolint = installedClient('hadolint', { folders, install })
export const compose = installedClient('docker-compose', { folders, install })
export const podman = installedClient('podman', { install })

const runners = [
  podman,
  installedClient('buildah', { install }),
  installedClient('runc', { install }),
]

/** Why no image can be built and run here; false where it can, or must (CI=true). */
export const imageSkip = runners.map(({ skip }) => skip).find((skip) => skip !== false) ?? false

/** @throws Error naming what an image cannot be built and run without, and is missing */
export function requireRunners(): void {
  for (const runner of runners) runner.path()
}
