import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianProgram } from './client.ts'
import type { Home } from './home.ts'

export const ctr = debianProgram('ctr')
export const containerd = debianProgram('containerd')

/** ctr with a containerd of its own: the arguments that make it use that one. */
export async function startContainerd(home: Home): Promise<readonly string[]> {
  const folder = await home.newFolder()
  const socket = join(folder, 'socket')
  const config = join(folder, 'config.toml')
  await writeFile(config, configuration(folder, socket))
  await home.start(containerd.path(), ['--config', config], 'containerd successfully booted')
  return ['--address', socket]
}

function configuration(folder: string, socket: string): string {
  return `
    version = 2
    root = "${folder}/root"
    state = "${folder}/state"
    disabled_plugins = ["io.containerd.grpc.v1.cri"]
    [grpc]
    address = "${socket}"
    [ttrpc]
    address = "${folder}/ttrpc"
    [plugins."io.containerd.internal.v1.opt"]
    path = "${folder}/opt"
    # Else a namespace has what another one fetched.
    [plugins."io.containerd.metadata.v1.bolt"]
    content_sharing_policy = "isolated"
  `
}
