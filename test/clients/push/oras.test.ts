import { goProgram } from './support/client.ts'
import { imageTag } from './support/image.ts'
import { layoutManifestDigest } from './support/layout.ts'
import { testPushes } from './support/suite.ts'

const oras = goProgram('oras')

testPushes({
  name: 'oras',
  programs: [oras],
  refusal: /digest invalid: Expected sha256:/,
  repeats: false,
  open: async (home, { layout, diffIds }) => {
    const copy = ['cp', '--no-tty']
    const source = ['--from-oci-layout', `${layout}:${imageTag}`]
    return {
      diffIds,
      push: (reference) =>
        home.attempt(oras.path(), ...copy, ...source, '--to-plain-http', reference),
      async pull(reference) {
        const folder = await home.newFolder()
        const target = ['--to-oci-layout', `${folder}:${imageTag}`]
        await home.run(oras.path(), ...copy, '--from-plain-http', reference, ...target)
        return layoutManifestDigest(folder)
      },
    }
  },
})
