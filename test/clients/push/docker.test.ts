import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { debianProgram } from './support/client.ts'
import { imageTag } from './support/image.ts'
import { testPushes } from './support/suite.ts'

const docker = debianProgram('docker')
const dockerd = debianProgram('dockerd')

testPushes({
  name: 'docker',
  programs: [docker, dockerd],
  refusal: /^digest invalid: Expected sha256:/m,
  repeats: true,
  open: async (home, { archive, diffIds }) => {
    const folder = await home.newFolder()
    const host = `unix://${folder}/socket`
    const config = join(folder, 'daemon.json')
    await writeFile(config, JSON.stringify(configuration(folder, host)))
    // Where the root of the file system is not shared, as in containers, it mounts its folder and leaves it so.
    const daemon = ['--mount', dockerd.path(), '--config-file', config]
    await home.start('/usr/bin/unshare', daemon, 'API listen on')

    const image = `image:${imageTag}`
    const run = (...args: string[]) => home.run(docker.path(), '--host', host, ...args)
    await run('load', '--quiet', '--input', archive)
    return {
      diffIds,
      async push(reference) {
        await run('tag', image, reference)
        return home.attempt(docker.path(), '--host', host, 'push', reference)
      },
      async pull(reference) {
        const id = await run('image', 'inspect', '--format', '{{.Id}}', image)
        await run('image', 'rm', '--force', id)
        const pulled = await run('pull', reference)
        await run('tag', reference, image)
        return /^Digest: (.+)$/m.exec(pulled)?.[1] ?? pulled
      },
    }
  },
})

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
