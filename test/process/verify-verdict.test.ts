import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { reachVerdict, type VerdictOptions } from '../../src/commands/verify/verdict.ts'
import type { ByteFile } from '../../src/inspect/byte-file.ts'
import { defaultLimits } from '../../src/inspect/limits.ts'
import { tarOf } from './support/tar.ts'
import { digestOf, layerBytes } from '../support/layers.ts'

function fileOf(bytes: Uint8Array): ByteFile {
  return {
    sizeBytes: bytes.length,
    read(target, position) {
      const wanted = bytes.subarray(position, position + target.length)
      target.set(wanted)
      return wanted.length
    },
    [Symbol.dispose]() {},
  }
}

function optionsWith(differences: Partial<VerdictOptions> = {}): VerdictOptions {
  return {
    limits: defaultLimits,
    overLimit: 'pass',
    onFailure(error) {
      throw error
    },
    ...differences,
  }
}

test('a file of many reads is hashed and inspected to its last byte', async () => {
  const tar = tarOf({ noise: layerBytes(3_000_000) })
  const gzip = gzipSync(tar)
  const { actual, findings, refusal } = await reachVerdict(
    fileOf(gzip),
    digestOf(gzip),
    optionsWith(),
  )
  assert.deepEqual(actual, { digest: digestOf(gzip), sizeBytes: gzip.length })
  assert.equal(findings.diffId, digestOf(tar))
  assert.equal(refusal, undefined)
})

test('a file whose contents are decided early is hashed to its last byte all the same', async () => {
  const bytes = layerBytes(1_000_000)
  const { actual, findings } = await reachVerdict(fileOf(bytes), digestOf(bytes), optionsWith())
  assert.equal(actual.digest, digestOf(bytes))
  assert.deepEqual(findings, {
    compression: 'none',
    contents: 'opaque',
    inflatedBytes: bytes.length,
    diffId: digestOf(bytes),
  })
})

test('an inspection that fails is told, and refuses nothing', async () => {
  const gzip = gzipSync(tarOf({ motd: 'Welcome.\n' }))
  const failures: unknown[] = []
  const bug = new TypeError('A bug.')
  const limits = {
    ...defaultLimits,
    get maxInflatedBytes(): number {
      throw bug
    },
  }
  const { actual, findings, refusal } = await reachVerdict(
    fileOf(gzip),
    digestOf(gzip),
    optionsWith({ limits, overLimit: 'refuse', onFailure: (error) => failures.push(error) }),
  )
  assert.deepEqual(failures, [bug])
  assert.equal(actual.digest, digestOf(gzip))
  assert.equal(findings.unexamined, 'failed')
  assert.equal(refusal, undefined)
})

test('a read that fails is thrown', async () => {
  const bytes = layerBytes(1000)
  const broken = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' })
  const file: ByteFile = {
    ...fileOf(bytes),
    read() {
      throw broken
    },
  }
  await assert.rejects(reachVerdict(file, digestOf(bytes), optionsWith()), broken)
})
