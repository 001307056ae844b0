import assert from 'node:assert/strict'
import { truncateSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createDiagnoses } from '../../src/inspect/thread/diagnoses.ts'
import { type DiagnosisBounds, defaultBounds } from '../../src/inspect/thread/diagnosis-places.ts'
import type { MismatchFiles } from '../../src/inspect/thread/messages.ts'
import { diagnosis } from '../../src/registry/diagnosis.ts'
import { unexamined } from '../../src/registry/findings.ts'
import { tarOf } from '../support/archives.ts'
import { digestOf } from '../support/layers.ts'

const whole = gzipSync(tarOf({ 'etc/motd': 'hello\n' }))
const withLineEnd = Buffer.concat([whole, Buffer.from('\n')])
const sizeBytes = withLineEnd.length

async function diagnosing(t: TestContext, bounds: Partial<DiagnosisBounds> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'diagnoses-'))
  t.after(() => rm(folder, { recursive: true }))
  const { diagnose } = createDiagnoses({ ...defaultBounds, ...bounds })
  return {
    diagnose,
    async mismatch(name: string): Promise<MismatchFiles> {
      const path = join(folder, name)
      await writeFile(path, withLineEnd)
      return {
        agent: 'ci',
        path,
        received: { digest: digestOf(withLineEnd), sizeBytes },
        expected: digestOf(whole),
        findings: unexamined('off'),
        isOtherLayer: false,
        timeLimitMs: 60_000,
      }
    },
  }
}

test('what waits for its turn has its bytes, though they were discarded meanwhile', async (t) => {
  const { diagnose, mismatch } = await diagnosing(t, { atOnce: 1 })
  const files = await Promise.all(['first', 'second', 'third'].map((name) => mismatch(name)))
  const looking = files.map((file) => diagnose(file))
  await Promise.all(files.map(({ path }) => rm(path)))
  const found = await Promise.all(looking)
  assert.deepEqual(
    found.map(({ cause }) => cause),
    ['trailing_bytes', 'trailing_bytes', 'trailing_bytes'],
  )
})

test('what was cut while it waited has no cause, since its bytes went away', async (t) => {
  const { diagnose, mismatch } = await diagnosing(t, { atOnce: 1 })
  const [first, second] = [await mismatch('first'), await mismatch('second')]
  const looking = [diagnose(first), diagnose(second)]
  truncateSync(second.path, 10)
  const [, cut] = await Promise.all(looking)
  assert.deepEqual(cut, diagnosis('unknown', { receivedBytes: sizeBytes, bytesWentAway: 1 }))
})

test('what finds too many waiting says that it was not looked into', async (t) => {
  const { diagnose, mismatch } = await diagnosing(t, { atOnce: 1, waiting: 0 })
  const file = await mismatch('same')
  const [first, second] = await Promise.all([diagnose(file), diagnose(file)])
  assert.equal(first.cause, 'trailing_bytes')
  const notLookedInto = diagnosis('unknown', { receivedBytes: sizeBytes, notLookedInto: 1 })
  assert.deepEqual(second, notLookedInto)
})
