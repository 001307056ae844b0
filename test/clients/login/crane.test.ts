import { goProgram } from '../push/support/client.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

const crane = goProgram('crane')

testLogins({
  name: 'crane',
  programs: [crane],
  keeps: 'password',
  checksPassword: false,
  deniedWords: /403 Forbidden/,
  open: async (home, { layout, diffIds }) => {
    const login = ['auth', 'login', '--username', 'ci', '--password-stdin']
    return {
      diffIds,
      login: (host, password) => withInput(home, password, crane.path(), ...login, host),
      logout: (host) => home.attempt(crane.path(), 'auth', 'logout', host),
      push: (reference) => home.attempt(crane.path(), 'push', layout, reference),
    }
  },
})
