import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { slabBytes } from '../../src/storage/disk/batch.ts'

const root = new URL('../../', import.meta.url)
const places = ['src/main.ts', 'package.json', 'Dockerfile', 'bench/support/processes.ts']
const read = (path: string) => readFile(new URL(path, root), 'utf8')

async function found(setting: RegExp): Promise<(string | undefined)[]> {
  return Promise.all(places.map(async (path) => setting.exec(await read(path))?.[1]))
}

test('every way to start the service gives the young generation the same size', async () => {
  assert.deepEqual(await found(/--max-semi-space-size=(\d+)/), Array(places.length).fill('4'))
})

test('every way to start the service has malloc map each slab on its own', async () => {
  const thresholds = await found(/MALLOC_MMAP_THRESHOLD_\W+(\d+)/)
  assert.deepEqual(thresholds, Array(places.length).fill(String(slabBytes)))
})
