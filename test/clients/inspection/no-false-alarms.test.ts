import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Home, makeHome } from '../push/support/home.ts'
import { requireTools, toolsSkip } from './support/archive-tools.ts'
import { type Survey, survey } from './support/survey.ts'

const run = promisify(execFile)
const project = new URL('../../../', import.meta.url)
const modules = fileURLToPath(new URL('node_modules', project))

/** The packages that the service is made of. */
async function dependencies(): Promise<readonly string[]> {
  const packageJson = await readFile(new URL('package.json', project), 'utf8')
  const { dependencies: versions }: { dependencies: object } = JSON.parse(packageJson)
  return Object.keys(versions)
}

const control = `Package: demo
Version: 1
Architecture: all
Maintainer: me <me@example.com>
Description: a package for tests
`

describe('no alarm is raised', { skip: toolsSkip }, () => {
  const cleanup = new AsyncDisposableStack()
  let home: Home
  before(async () => {
    requireTools()
    home = await makeHome(cleanup)
  })
  after(() => cleanup.disposeAsync())

  test('at packages as npm packs them', async () => {
    const folder = await home.newFolder()
    const names = await dependencies()
    const options = ['--offline', '--ignore-scripts', '--silent', '--pack-destination', folder]
    await run('npm', ['pack', ...options, ...names.map((name) => join(modules, name))])
    assertNoAlarms(await survey([folder]), 4 * names.length)
  })

  test('at packages of Debian, whichever way they are compressed', async () => {
    const folder = await home.newFolder()
    const root = join(await home.newFolder(), 'root')
    await mkdir(join(root, 'DEBIAN'), { recursive: true })
    await writeFile(join(root, 'DEBIAN/control'), control)
    for (const name of await dependencies()) {
      await cp(join(modules, name), join(root, 'usr/lib', name), { recursive: true })
    }
    for (const compression of ['none', 'gzip', 'zstd', 'xz']) {
      const options = [`-Z${compression}`, '-z1', '--build', root]
      await home.run('/usr/bin/dpkg-deb', ...options, join(folder, `${compression}.deb`))
    }
    // Control and data, each as it is, inflated but for one, and compressed again twice.
    assertNoAlarms(await survey([folder]), 2 * (4 * 4 - 1))
  })

  test('at what npm has downloaded before', async (t) => {
    const limits = { maxArchives: 50, maxArchiveBytes: 1024 * 1024 }
    const { stdout } = await run('npm', ['config', 'get', 'cache'])
    const found = await survey([join(stdout.trim(), '_cacache')], limits).catch(nothing)
    if (found.counts.size === 0) return t.skip('npm has nothing in its cache')
    assertNoAlarms(found, 4)
  })
})

function assertNoAlarms({ counts, alarms }: Survey, minArchives: number): void {
  assert.deepEqual(alarms, [])
  const inspected = [...counts.values()].reduce((sum, count) => sum + count, 0)
  assert.ok(inspected >= minArchives, `${inspected} archives were inspected`)
}

/** Where the folder is not there. */
function nothing(error: NodeJS.ErrnoException): Survey {
  if (error.code !== 'ENOENT') throw error
  return { counts: new Map(), alarms: [] }
}
