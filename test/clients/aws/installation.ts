import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedClient } from '../support/installed-client.ts'

/** A program of the virtual environment that scripts/install-aws-clients makes. */
export function awsClient(program: 'aws' | 'python') {
  return installedClient(program, {
    folders: [fileURLToPath(new URL('../../../.cache/aws-clients/bin', import.meta.url))],
    install: 'run scripts/install-aws-clients .cache/aws-clients',
  })
}

/** An empty home folder, removed by `cleanup`: a client finds no configuration of the machine's. */
export async function emptyHome(cleanup: AsyncDisposableStack): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'layergate-aws-'))
  cleanup.defer(() => rm(home, { recursive: true }))
  return home
}
