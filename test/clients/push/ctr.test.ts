import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianProgram } from './support/client.ts'
import { imageTag } from './support/image.ts'
import { testPushes } from './support/suite.ts'

const ctr = debianProgram('ctr')
const containerd = debianProgram('containerd')

testPushes({
  name: 'ctr',
  programs: [ctr, containerd],
  refusal: /400 Bad Request/,
  repeats: false,
  open: async (home, { archive, diffIds }) => {
    const folder = await home.newFolder()
    const socket = join(folder, 'socket')
    const config = join(folder, 'config.toml')
    await writeFile(config, configuration(folder, socket))
    await home.start(containerd.path(), ['--config', config], 'containerd successfully booted')

    const images = ['--address', socket, 'images']
    await home.run(ctr.path(), ...images, 'import', '--no-unpack', '--base-name', 'image', archive)
    return {
      diffIds,
      async push(reference) {
        const named = [`image:${imageTag}`, reference]
        await home.run(ctr.path(), ...images, 'tag', '--force', ...named)
        return home.attempt(ctr.path(), ...images, 'push', '--plain-http', reference)
      },
      async pull(reference) {
        const empty = ['--address', socket, '--namespace', 'empty']
        await home.run(ctr.path(), ...empty, 'content', 'fetch', '--plain-http', reference)
        const list = await home.run(ctr.path(), ...empty, 'images', 'ls', `name==${reference}`)
        return /sha256:\w+/.exec(list)?.[0] ?? list
      },
    }
  },
})

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
