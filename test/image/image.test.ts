import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { testContainers } from './container-suite.ts'
import { buildImage, mountImage, runToItsEnd } from './image.ts'
import { projectFolder } from './run.ts'
import { imageSkip } from './tools.ts'

describe('the image', { skip: imageSkip }, () => {
  before(buildImage)

  test('holds the service and nothing of how it is made', async (t) => {
    const root = await mountImage(t)
    assert.deepEqual((await readdir(join(root, 'app'))).toSorted(), [
      'LICENSE',
      'compile-cache',
      'node_modules',
      'openapi.yaml',
      'package.json',
      'scripts',
      'src',
    ])
    assert.deepEqual(await readdir(join(root, 'app/scripts')), ['healthcheck.ts'])
    assert.deepEqual(await readdir(join(root, 'var/lib/layergate')), [])
  })

  test('holds the production dependencies and no others', async (t) => {
    const root = await mountImage(t)
    const installed = await packages(join(root, 'app/node_modules/.package-lock.json'))
    const locked = await packages(join(projectFolder, 'package-lock.json'))
    const needed = locked.filter(([path, { dev, optional }]) => path !== '' && !dev && !optional)
    assert.deepEqual(
      installed.map(([path]) => path),
      needed.map(([path]) => path),
    )
  })

  test('lets its user change none of its files', async (t) => {
    const app = join(await mountImage(t), 'app')
    const paths = await readdir(app, { recursive: true })
    assert.ok(paths.includes('src/main.ts'))
    const changeable: string[] = []
    for (const path of paths) {
      const { uid, gid, mode } = await stat(join(app, path))
      if (uid !== 0 || gid !== 0 || (mode & 0o002) !== 0) changeable.push(path)
    }
    assert.deepEqual(changeable, [])
  })

  test('starts from a compile cache that Node accepts', async () => {
    const env = { LAYERGATE_UPSTREAM: 'sandbox', NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const { exitCode, stderr } = await runToItsEnd({ env, command: ['check'] })
    assert.equal(exitCode, 0)
    assert.match(stderr, /code cache for ESM file:\/\/\/app\/src\/main\.ts was accepted/)
    assert.doesNotMatch(stderr, /permission denied|rejected/)
  })

  testContainers()
})

type Package = { readonly dev?: boolean; readonly optional?: boolean }

/** What a lock file of npm names, in its order, which is that of the alphabet. */
async function packages(lockFile: string): Promise<[path: string, Package][]> {
  const lock: { packages: Record<string, Package> } = JSON.parse(await readFile(lockFile, 'utf8'))
  return Object.entries(lock.packages)
}
