import { goProgram } from '../push/support/client.ts'
import { imageTag } from '../push/support/image.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

const oras = goProgram('oras')

testLogins({
  name: 'oras',
  programs: [oras],
  keeps: 'password',
  checksPassword: true,
  deniedWords: /403: Forbidden/,
  open: async (home, { layout, diffIds }) => {
    const login = ['login', '--plain-http', '--username', 'ci', '--password-stdin']
    const copy = ['cp', '--no-tty', '--from-oci-layout', `${layout}:${imageTag}`, '--to-plain-http']
    return {
      diffIds,
      login: (host, password) => withInput(home, password, oras.path(), ...login, host),
      logout: (host) => home.attempt(oras.path(), 'logout', host),
      push: (reference) => home.attempt(oras.path(), ...copy, reference),
    }
  },
})
