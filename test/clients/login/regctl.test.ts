import { goProgram } from '../push/support/client.ts'
import { imageTag } from '../push/support/image.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

const regctl = goProgram('regctl')

testLogins({
  name: 'regctl',
  programs: [regctl],
  keeps: 'password',
  checksPassword: true,
  deniedWords: /forbidden|403/i,
  open: async (home, { layout, diffIds }) => {
    const login = ['registry', 'login', '--user', 'ci', '--pass-stdin']
    const copy = ['image', 'copy', `ocidir://${layout}:${imageTag}`]
    return {
      diffIds,
      async login(host, password) {
        await home.run(regctl.path(), 'registry', 'set', '--tls', 'disabled', '--skip-check', host)
        return withInput(home, password, regctl.path(), ...login, host)
      },
      logout: (host) => home.attempt(regctl.path(), 'registry', 'logout', host),
      push: (reference) => home.attempt(regctl.path(), ...copy, reference),
    }
  },
})
