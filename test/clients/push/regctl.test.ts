import { goProgram } from './support/client.ts'
import { imageTag } from './support/image.ts'
import { layoutManifestDigest } from './support/layout.ts'
import { testPushes } from './support/suite.ts'

const regctl = goProgram('regctl')

testPushes({
  name: 'regctl',
  programs: [regctl],
  refusal: /DIGEST_INVALID/,
  repeats: true,
  open: async (home, { layout, diffIds }) => ({
    diffIds,
    push: (reference) =>
      home.attempt(regctl.path(), ...copy(`ocidir://${layout}:${imageTag}`, reference)),
    async pull(reference) {
      const folder = await home.newFolder()
      await home.run(regctl.path(), ...copy(reference, `ocidir://${folder}:${imageTag}`))
      return layoutManifestDigest(folder)
    },
  }),
})

function copy(source: string, target: string): readonly string[] {
  const [host = ''] = /127\.0\.0\.1:\d+/.exec(`${source} ${target}`) ?? []
  return ['--host', `reg=${host},tls=disabled`, 'image', 'copy', source, target]
}
