import { execFile } from 'node:child_process'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installedClient } from '../../support/installed-client.ts'
import type { Workshop } from './workshop.ts'

/** What a tool says of one file; an empty text where it finds nothing wrong. */
export type Verdicts = ReadonlyMap<string, string>

export const go = installedClient('go', {
  // Where Go's own installer puts it (https://go.dev/doc/install).
  folders: [...(env['PATH'] ?? '').split(':'), '/usr/local/go/bin'],
  install: 'install Go 1.26.7 or newer from https://go.dev/dl/',
})

const run = promisify(execFile)

const goReader = fileURLToPath(new URL('go-reader.go', import.meta.url))

/** Builds go-reader.go into the workshop's folder. */
export async function buildGoReader(workshop: Workshop): Promise<void> {
  await run(go.path(), ['build', '-o', workshop.folder, goReader])
}

/** Where Go's own source lies, with what its tests read. */
export async function goFolder(): Promise<string> {
  const { stdout } = await run(go.path(), ['env', 'GOROOT'])
  return stdout.trim()
}

/** What containerd and Docker would say of each file in a folder. */
export async function verdictsOfGo(workshop: Workshop, folder: string): Promise<Verdicts> {
  return parse(await workshop.shell(`cd ${folder}; ../go-reader *`))
}

/** @param command tests the file `$file` */
export async function verdictsOf(
  workshop: Workshop,
  folder: string,
  command: string,
): Promise<Verdicts> {
  return parse(
    await workshop.shell(`
      cd ${folder}
      for file in *; do
        status=0
        said=$(${command} 2>&1 > /dev/null) || status=$?
        [[ $status != 0 ]] || said=
        [[ $status == 0 || -n $said ]] || said="exit code $status"
        printf '%s\\t%s\\n' "$file" "\${said//$'\\n'/ }"
      done`),
  )
}

function parse(lines: string): Verdicts {
  return new Map(
    lines.split('\n').map((line) => {
      const [file = '', said = ''] = line.split('\t')
      return [file, said]
    }),
  )
}
