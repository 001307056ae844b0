import { debianProgram } from './support/client.ts'
import { imageTag } from './support/image.ts'
import { layoutManifestDigest } from './support/layout.ts'
import { testPushes } from './support/suite.ts'

const skopeo = debianProgram('skopeo')

// As root it remembers where blobs are in /var/lib/containers, not in its home; by port, and every test has one of its own.
testPushes({
  name: 'skopeo',
  programs: [skopeo],
  refusal: /digest invalid: Expected sha256:/,
  repeats: false,
  open: async (home, { layout, diffIds }) => {
    const copy = ['copy', '--insecure-policy']
    return {
      diffIds,
      push: (reference) =>
        home.attempt(
          skopeo.path(),
          ...copy,
          '--dest-tls-verify=false',
          `oci:${layout}:${imageTag}`,
          `docker://${reference}`,
        ),
      async pull(reference) {
        const folder = await home.newFolder()
        const source = ['--src-tls-verify=false', `docker://${reference}`]
        await home.run(skopeo.path(), ...copy, ...source, `oci:${folder}:${imageTag}`)
        return layoutManifestDigest(folder)
      },
    }
  },
})
