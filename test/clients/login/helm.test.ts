import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { digestOf } from '../aws/layer.ts'
import { goProgram } from '../push/support/client.ts'
import { tag } from '../push/support/registry.ts'
import { tarOf } from '../push/support/tar.ts'
import { testLogins } from './support/suite.ts'
import { withInput } from './support/with-input.ts'

const helm = goProgram('helm')

testLogins({
  name: 'helm',
  programs: [helm],
  keeps: 'password',
  checksPassword: true,
  deniedWords: /403: Forbidden/,
  open: async (home) => {
    const chart = tarOf({ 'app/Chart.yaml': `apiVersion: v2\nname: app\nversion: ${tag}\n` })
    const archive = join(home.folder, `app-${tag}.tgz`)
    await writeFile(archive, gzipSync(chart))
    const login = ['registry', 'login', '--plain-http', '--username', 'ci', '--password-stdin']
    const push = ['push', '--plain-http', archive]
    return {
      diffIds: [digestOf(chart)],
      login: (host, password) => withInput(home, password, helm.path(), ...login, host),
      logout: (host) => home.attempt(helm.path(), 'registry', 'logout', host),
      push: (reference) => home.attempt(helm.path(), ...push, `oci://${dirname(reference)}`),
    }
  },
})
