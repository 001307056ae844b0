import { installedClient, type InstalledClient } from '../../support/installed-client.ts'

const install = 'run scripts/install-archive-tools'

/** Programs of Debian packages. Others of their names may come first in PATH. */
function program(name: string): InstalledClient {
  return installedClient(name, { folders: ['/usr/bin'], install })
}

const names = [
  'gzip',
  'pigz',
  'zopfli',
  'zstd',
  'pzstd',
  'xz',
  'tar',
  'bsdtar',
  'python3',
  'git',
  'curl',
  'openssl',
  'buildah',
  'podman',
  'skopeo',
] as const

const programs = names.map(program)

/** Why no archive can be made here; false where it can, or must (CI=true). */
export const toolsSkip = programs.map(({ skip }) => skip).find((skip) => skip !== false) ?? false

/** @throws Error naming what is missing, and how to install it */
export function requireTools(): void {
  for (const each of programs) each.path()
}
