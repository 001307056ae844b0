import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianProgram } from './client.ts'
import type { Home } from './home.ts'

export const docker = debianProgram('docker')
export const dockerd = debianProgram('dockerd')

/** docker with a daemon of its own: the arguments that make it use that one. */
export async function startDocker(home: Home): Promise<readonly string[]> {
  const folder = await home.newFolder()
  const host = `unix://${folder}/socket`
  const config = join(folder, 'daemon.json')
  await writeFile(config, JSON.stringify(configuration(folder, host)))
  // Where the root of the file system is not shared, as in containers, it mounts its folder and leaves it so.
  const daemon = ['--mount', dockerd.path(), '--config-file', config]
  await home.start('/usr/bin/unshare', daemon, 'API listen on')
  return ['--host', host]
}

/** It runs no container, so it needs nothing of the machine's network. */
function configuration(folder: string, host: string) {
  return {
    hosts: [host],
    'data-root': join(folder, 'data'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'pid'),
    'deprecated-key-path': join(folder, 'key.json'),
    'storage-driver': 'vfs',
    bridge: 'none',
    iptables: false,
    ip6tables: false,
    'ip-forward': false,
    'ip-masq': false,
  }
}
