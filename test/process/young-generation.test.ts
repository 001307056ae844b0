import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFile(new URL(path, root), 'utf8')

test('every way to start the service gives the young generation the same size', async () => {
  const flag = /--max-semi-space-size=\d+/
  const places = ['src/main.ts', 'package.json', 'Dockerfile', 'bench/support/processes.ts']
  const flags = await Promise.all(places.map(async (path) => flag.exec(await read(path))?.[0]))
  assert.deepEqual(flags, Array(places.length).fill('--max-semi-space-size=4'))
})
