import { debianProgram } from '../push/support/client.ts'
import { imageTag } from '../push/support/image.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

const skopeo = debianProgram('skopeo')

testLogins({
  name: 'skopeo',
  programs: [skopeo],
  keeps: 'password',
  checksPassword: true,
  deniedWords: /403 \(Forbidden\)/,
  open: async (home, { layout, diffIds }) => {
    const login = ['login', '--tls-verify=false', '--username', 'ci', '--password-stdin']
    const copy = [
      'copy',
      '--insecure-policy',
      '--dest-tls-verify=false',
      `oci:${layout}:${imageTag}`,
    ]
    return {
      diffIds,
      login: (host, password) => withInput(home, password, skopeo.path(), ...login, host),
      logout: (host) => home.attempt(skopeo.path(), 'logout', host),
      push: (reference) => home.attempt(skopeo.path(), ...copy, `docker://${reference}`),
    }
  },
})
