import { goProgram } from './support/client.ts'
import { layoutManifestDigest } from './support/layout.ts'
import { testPushes } from './support/suite.ts'

const crane = goProgram('crane')

testPushes({
  name: 'crane',
  programs: [crane],
  refusal: /DIGEST_INVALID: Expected sha256:/,
  repeats: false,
  open: async (home, { layout, diffIds }) => ({
    diffIds,
    push: (reference) => home.attempt(crane.path(), 'push', layout, reference),
    async pull(reference) {
      const folder = await home.newFolder()
      await home.run(crane.path(), 'pull', '--format', 'oci', reference, folder)
      return layoutManifestDigest(folder)
    },
  }),
})
