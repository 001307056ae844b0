import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { digestOf, layerBytes } from '../aws/layer.ts'
import { goProgram } from './support/client.ts'
import { tag } from './support/registry.ts'
import { testPushes } from './support/suite.ts'
import { tarOf } from './support/tar.ts'

const helm = goProgram('helm')

testPushes({
  name: 'helm',
  programs: [helm],
  refusal: /digest invalid: Expected sha256:/,
  repeats: false,
  open: async (home) => {
    const chart = chartTar()
    const archive = join(home.folder, `app-${tag}.tgz`)
    await writeFile(archive, gzipSync(chart, { level: 1 }))
    return {
      diffIds: [digestOf(chart)],
      push: (reference) =>
        home.attempt(helm.path(), 'push', '--plain-http', archive, `oci://${dirname(reference)}`),
      async pull(reference) {
        const [chartReference = '', version = ''] = reference.split(/:(?=[^:]+$)/)
        const pull = ['pull', '--plain-http', `oci://${chartReference}`, '--version', version]
        const { exitCode, stdout, stderr } = await home.attempt(helm.path(), ...pull)
        const output = `${stdout}${stderr}`
        return (exitCode === 0 && /^Digest: (.+)$/m.exec(output)?.[1]) || output
      },
    }
  },
})

function chartTar(): Buffer {
  const MiB = 1024 * 1024
  const chart = `apiVersion: v2\nname: app\nversion: ${tag}\n`
  const files = Array.from({ length: 7 }, (_, index) => [
    `app/files/random-${index}.bin`,
    layerBytes(`random ${index}`, 5 * MiB - 1),
  ])
  return tarOf({ 'app/Chart.yaml': chart, ...Object.fromEntries(files) })
}
