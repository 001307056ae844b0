import { docker, dockerd, startDocker } from './support/docker-daemon.ts'
import { imageTag } from './support/image.ts'
import { testPushes } from './support/suite.ts'

testPushes({
  name: 'docker',
  programs: [docker, dockerd],
  refusal: /^digest invalid: Expected sha256:/m,
  repeats: true,
  open: async (home, { archive, diffIds }) => {
    const host = await startDocker(home)
    const image = `image:${imageTag}`
    const run = (...args: string[]) => home.run(docker.path(), ...host, ...args)
    await run('load', '--quiet', '--input', archive)
    return {
      diffIds,
      async push(reference) {
        await run('tag', image, reference)
        return home.attempt(docker.path(), ...host, 'push', reference)
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
