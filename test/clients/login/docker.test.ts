import { imageTag } from '../push/support/image.ts'
import { docker, dockerd, startDocker } from '../push/support/docker-daemon.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

testLogins({
  name: 'docker',
  programs: [docker, dockerd],
  keeps: 'refresh token',
  checksPassword: true,
  deniedWords: /builder may not push mirror\/app/,
  open: async (home, { archive, diffIds }) => {
    const daemon = await startDocker(home)
    const run = (...args: string[]) => home.run(docker.path(), ...daemon, ...args)
    await run('load', '--quiet', '--input', archive)
    const login = ['login', '--username', 'ci', '--password-stdin']
    return {
      diffIds,
      login: (host, password) =>
        withInput(home, password, docker.path(), ...daemon, ...login, host),
      logout: (host) => home.attempt(docker.path(), ...daemon, 'logout', host),
      async push(reference) {
        await run('tag', `image:${imageTag}`, reference)
        return home.attempt(docker.path(), ...daemon, 'push', reference)
      },
    }
  },
})
