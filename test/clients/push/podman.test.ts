import { debianProgram } from './support/client.ts'
import { emptyStore } from './support/empty-store.ts'
import { imageTag } from './support/image.ts'
import { testPushes } from './support/suite.ts'

const podman = debianProgram('podman')

testPushes({
  name: 'podman',
  programs: [podman],
  refusal: /digest invalid: Expected sha256:/,
  repeats: true,
  open: async (home, { layout, diffIds }) => {
    const store = await emptyStore(home)
    const source = `oci:${layout}:${imageTag}`
    const image = await home.run(podman.path(), ...store, 'pull', '--quiet', source)
    return {
      diffIds,
      push: (reference) =>
        home.attempt(podman.path(), ...store, 'push', '--tls-verify=false', image, reference),
      async pull(reference) {
        const empty = await emptyStore(home)
        await home.run(podman.path(), ...empty, 'pull', '--tls-verify=false', reference)
        const format = ['--format', '{{.Digest}}']
        return home.run(podman.path(), ...empty, 'image', 'inspect', ...format, reference)
      },
    }
  },
})
