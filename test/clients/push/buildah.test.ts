import { debianProgram } from './support/client.ts'
import { emptyStore } from './support/empty-store.ts'
import { imageTag } from './support/image.ts'
import { testPushes } from './support/suite.ts'

const buildah = debianProgram('buildah')

testPushes({
  name: 'buildah',
  programs: [buildah],
  refusal: /digest invalid: Expected sha256:/,
  repeats: true,
  open: async (home, { layout, diffIds }) => {
    const store = await emptyStore(home)
    const source = `oci:${layout}:${imageTag}`
    const image = await home.run(buildah.path(), ...store, 'pull', '--quiet', source)
    const push = ['push', '--tls-verify=false', image]
    return {
      diffIds,
      push: (reference) => home.attempt(buildah.path(), ...store, ...push, `docker://${reference}`),
      async pull(reference) {
        const empty = await emptyStore(home)
        const pull = ['pull', '--quiet', '--tls-verify=false', `docker://${reference}`]
        await home.run(buildah.path(), ...empty, ...pull)
        const format = ['--type', 'image', '--format', '{{.FromImageDigest}}']
        return home.run(buildah.path(), ...empty, 'inspect', ...format, reference)
      },
    }
  },
})
