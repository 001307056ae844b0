import { execFile } from 'node:child_process'
import { chmod, link, mkdir, open, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { layerBytes } from '../../aws/layer.ts'

const run = promisify(execFile)
const MiB = 1024 * 1024

/** Ten thousand lines, which every compressor shrinks. */
const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index} of a text\n`).join('')
/** More than the 256 bytes of a ustar header hold, so pax and GNU's long names are needed. */
const longPath = ['d'.repeat(60), 'e'.repeat(90), 'f'.repeat(120)].join('/')

/**
 * Plants the folders that are archived: `tree`, files of every kind that a tar archive can hold, `plain`, such as even its oldest
 * format can, `holes` and `huge`, files with more and larger holes, and `repository`, one of git's.
 */
export async function plantTrees(folder: string): Promise<void> {
  await plantPlain(join(folder, 'plain'))

  const tree = join(folder, 'tree')
  await plantPlain(tree)
  await plant(tree, longPath, 'long')
  await plant(tree, 'größe', 'a name in UTF-8')
  await plant(tree, Buffer.from('latin1-\xe9', 'latin1'), 'a name that is no UTF-8')
  await symlink(`../${longPath}`, join(tree, 'etc/long-link'))
  await plantHoles(join(tree, 'holes'), MiB, [300_000, 900_000])
  await run('mkfifo', [join(tree, 'fifo')])

  const everyFourth = Array.from({ length: 100 }, (_, index) => index * 16_384)
  await mkdir(join(folder, 'holes'))
  await plantHoles(join(folder, 'holes/many'), 2 * MiB, everyFourth)
  await mkdir(join(folder, 'huge'))
  await plantHoles(join(folder, 'huge/one'), 9 * 1024 * MiB, [5 * 1024 * MiB])

  await plantPlain(join(folder, 'repository'))
  const identity = ['-c', 'user.name=me', '-c', 'user.email=me@example.com']
  for (const words of [
    ['init', '--quiet'],
    ['add', '.'],
    ['commit', '--quiet', '-m', 'first'],
  ]) {
    await run('git', [...identity, '-C', join(folder, 'repository'), ...words])
  }
}

async function plantPlain(folder: string): Promise<void> {
  await plant(folder, 'etc/motd', 'Welcome.\n')
  await plant(folder, 'empty', '')
  await plant(folder, 'one-block', 'x'.repeat(512))
  await plant(folder, 'usr/share/doc/lines', lines)
  await plant(folder, 'usr/share/random', layerBytes('random', 150_000))
  await mkdir(join(folder, 'var/empty'), { recursive: true })
  await symlink('motd', join(folder, 'etc/symbolic'))
  await link(join(folder, 'etc/motd'), join(folder, 'etc/hard'))
  await chmod(join(folder, 'one-block'), 0o4755)
}

async function plant(folder: string, name: string | Buffer, content: string | Buffer) {
  const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)])
  await mkdir(dirname(path.toString('latin1')), { recursive: true })
  await writeFile(path, content)
}

/** A file that is written at these places alone. */
async function plantHoles(path: string, sizeBytes: number, places: readonly number[]) {
  await using file = await open(path, 'w')
  await file.truncate(sizeBytes)
  for (const place of places) await file.write('data', place)
}
