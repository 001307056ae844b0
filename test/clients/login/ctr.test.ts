import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianProgram } from '../push/support/client.ts'
import { imageTag } from '../push/support/image.ts'
import { testLogins } from './support/suite.ts'

const ctr = debianProgram('ctr')
const containerd = debianProgram('containerd')
const done = { exitCode: 0, stdout: '', stderr: '' }

// It has no login: each command is given the password.
testLogins({
  name: 'ctr',
  programs: [ctr, containerd],
  keeps: 'password',
  checksPassword: false,
  deniedWords: /403 Forbidden/,
  open: async (home, { archive, diffIds }) => {
    const folder = await home.newFolder()
    const socket = join(folder, 'socket')
    const config = join(folder, 'config.toml')
    await writeFile(config, configuration(folder, socket))
    await home.start(containerd.path(), ['--config', config], 'containerd successfully booted')
    const images = ['--address', socket, 'images']
    await home.run(ctr.path(), ...images, 'import', '--no-unpack', '--base-name', 'image', archive)

    let user: readonly string[] = []
    return {
      diffIds,
      async login(_host, password) {
        user = ['--user', `ci:${password}`]
        return done
      },
      async logout() {
        user = []
        return done
      },
      async push(reference) {
        await home.run(ctr.path(), ...images, 'tag', '--force', `image:${imageTag}`, reference)
        return home.attempt(ctr.path(), ...images, 'push', '--plain-http', ...user, reference)
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
  `
}
