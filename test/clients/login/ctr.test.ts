import { containerd, ctr, startContainerd } from '../push/support/containerd.ts'
import { imageTag } from '../push/support/image.ts'
import { testLogins } from './support/suite.ts'

const done = { exitCode: 0, stdout: '', stderr: '' }

// It has no login: each command is given the password.
testLogins({
  name: 'ctr',
  programs: [ctr, containerd],
  keeps: 'password',
  checksPassword: false,
  deniedWords: /403 Forbidden/,
  open: async (home, { archive, diffIds }) => {
    const address = await startContainerd(home)
    const images = [...address, 'images']
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
