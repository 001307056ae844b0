import assert from 'node:assert/strict'
import test from 'node:test'
import type { OpenFile } from '../../src/storage/disk/files.ts'
import { faultyFiles, systemError } from '../storage/support/faulty-files.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { startService } from '../support/service.ts'

const layer = layerBytes(2_000_000)
const target = `/v1/layers?repository=team/app&digest=${digestOf(layer)}`

/** A disk that takes so many bytes, and then fails as disks do. */
function diskOf(bytes: number, atTheEnd: 'ENOSPC' | 'short writes') {
  let free = bytes
  async function writev(file: OpenFile, chunks: readonly Uint8Array[], position: number) {
    const all = Buffer.concat(chunks)
    if (all.length <= free) {
      free -= all.length
      return file.writev([all], position)
    }
    if (atTheEnd === 'ENOSPC') throw systemError('ENOSPC')
    const fitting = all.subarray(0, free)
    free = 0
    return fitting.length === 0 ? 0 : file.writev([fitting], position)
  }
  return {
    files: faultyFiles({ writev }),
    clear() {
      free = Number.POSITIVE_INFINITY
    },
  }
}

for (const atTheEnd of ['ENOSPC', 'short writes'] as const) {
  test(`a disk that is full in the middle of a layer (${atTheEnd}) answers 503 and keeps nothing`, async (t) => {
    const disk = diskOf(1_000_000, atTheEnd)
    const { request, calls, spooledFiles, metric } = await startService(t, { files: disk.files })
    const answer = await request.post(target).send(layer)

    assert.equal(answer.status, 503)
    assert.equal(answer.body.code, 'spool_full')
    assert.ok(Number(answer.headers['retry-after']) > 0)
    assert.deepEqual(calls(), [])
    assert.deepEqual(await spooledFiles(), [])
    assert.equal(await metric('layergate_spool_bytes'), 0)

    disk.clear()
    assert.equal((await request.post(target).send(layer)).status, 201)
  })
}

test('a disk that is full of cached layers is cleared for the next try', async (t) => {
  const disk = diskOf(2_500_000, 'ENOSPC')
  const { request, spooledFiles } = await startService(t, {
    files: { ...disk.files, unlink: (path) => disk.files.unlink(path).then(() => disk.clear()) },
  })
  assert.equal((await request.post(target).send(layer)).status, 201)
  const other = layerBytes(2_000_000, 2)
  const push = `/v1/layers?repository=team/app&digest=${digestOf(other)}`
  assert.equal((await request.post(push).send(other)).status, 503)
  assert.equal((await request.post(push).send(other)).status, 201)
  assert.equal((await spooledFiles()).length, 1)
})

test('a sync that fails answers 500 and keeps nothing', async (t) => {
  const files = faultyFiles({ datasync: () => Promise.reject(systemError('EIO')) })
  const { request, calls, spooledFiles } = await startService(t, { files })
  const answer = await request.post(target).send(layer)
  assert.equal(answer.status, 500)
  assert.equal(answer.body.code, 'internal')
  assert.deepEqual(calls(), [])
  assert.deepEqual(await spooledFiles(), [])
})
