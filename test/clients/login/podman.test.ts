import { debianProgram } from '../push/support/client.ts'
import { emptyStore } from '../push/support/empty-store.ts'
import { imageTag } from '../push/support/image.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

const podman = debianProgram('podman')

testLogins({
  name: 'podman',
  programs: [podman],
  keeps: 'password',
  checksPassword: true,
  deniedWords: /403 \(Forbidden\)/,
  open: async (home, { layout, diffIds }) => {
    const store = await emptyStore(home)
    const source = `oci:${layout}:${imageTag}`
    const image = await home.run(podman.path(), ...store, 'pull', '--quiet', source)
    const login = ['login', '--tls-verify=false', '--username', 'ci', '--password-stdin']
    const push = ['push', '--tls-verify=false', image]
    return {
      diffIds,
      login: (host, password) => withInput(home, password, podman.path(), ...store, ...login, host),
      logout: (host) => home.attempt(podman.path(), ...store, 'logout', host),
      push: (reference) => home.attempt(podman.path(), ...store, ...push, reference),
    }
  },
})
