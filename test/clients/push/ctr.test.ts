import { containerd, ctr, startContainerd } from './support/containerd.ts'
import { imageTag } from './support/image.ts'
import { testPushes } from './support/suite.ts'

testPushes({
  name: 'ctr',
  programs: [ctr, containerd],
  refusal: /400 Bad Request/,
  repeats: false,
  open: async (home, { archive, diffIds }) => {
    const address = await startContainerd(home)
    const images = [...address, 'images']
    await home.run(ctr.path(), ...images, 'import', '--no-unpack', '--base-name', 'image', archive)
    return {
      diffIds,
      async push(reference) {
        const named = [`image:${imageTag}`, reference]
        await home.run(ctr.path(), ...images, 'tag', '--force', ...named)
        return home.attempt(ctr.path(), ...images, 'push', '--plain-http', reference)
      },
      async pull(reference) {
        const empty = [...address, '--namespace', 'empty']
        await home.run(ctr.path(), ...empty, 'content', 'fetch', '--plain-http', reference)
        const list = await home.run(ctr.path(), ...empty, 'images', 'ls', `name==${reference}`)
        return /sha256:\w+/.exec(list)?.[0] ?? list
      },
    }
  },
})
