import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { AppendingFile } from '../../src/telemetry/audit/appending-file.ts'
import { type AuditFile, openAuditFile } from '../../src/telemetry/audit/audit-file.ts'
import { manualClock } from '../support/manual-clock.ts'
import { nextTurn } from '../support/next-turn.ts'
import { until } from '../support/until.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'layergate-audit-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

async function openIn(t: TestContext, path: string) {
  const problems: string[] = []
  const file = await openAuditFile(path, (problem) => void problems.push(problem))
  t.after(() => file.close())
  return { file, problems }
}

test('lines are appended, to a file that is only for its owner', async (t) => {
  const path = join(await folder(t), 'audit.jsonl')
  const { file } = await openIn(t, path)
  for (const line of ['1\n', '2\n', '3\n']) file.write(line)
  await file.close()
  const again = await openIn(t, path)
  again.file.write('4\n')
  await again.file.close()
  assert.equal(await readFile(path, 'utf8'), '1\n2\n3\n4\n')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(again.problems, [])
})

test('a folder that is not there fails at the start', async (t) => {
  const path = join(await folder(t), 'missing', 'audit.jsonl')
  await assert.rejects(
    openAuditFile(path, () => {}),
    { code: 'ENOENT' },
  )
})

test('a pipe that nobody reads fails at the start', async (t) => {
  const path = join(await folder(t), 'pipe')
  execFileSync('mkfifo', [path])
  await assert.rejects(
    openAuditFile(path, () => {}),
    { code: 'ENXIO' },
  )
})

test('a line that a crash cut off spoils none but itself', async (t) => {
  const path = join(await folder(t), 'audit.jsonl')
  await writeFile(path, 'whole\ncut of')
  const { file } = await openIn(t, path)
  file.write('next\n')
  await file.close()
  assert.equal(await readFile(path, 'utf8'), 'whole\ncut of\nnext\n')
})

test('a line that was cut off in the file that is opened anew spoils none either', async (t) => {
  const path = join(await folder(t), 'audit.jsonl')
  const { file } = await openIn(t, path)
  await rename(path, `${path}.1`)
  await writeFile(path, 'cut of')
  await file.reopen()
  file.write('next\n')
  await file.close()
  assert.equal(await readFile(path, 'utf8'), 'cut of\nnext\n')
})

test('after a rotation lines go on in the new file', async (t) => {
  const path = join(await folder(t), 'audit.jsonl')
  const { file } = await openIn(t, path)
  file.write('1\n')
  await until('it is written', async () => (await readFile(path, 'utf8')) === '1\n')
  await rename(path, `${path}.1`)
  file.write('2\n')
  await file.reopen()
  file.write('3\n')
  await file.close()
  assert.equal(await readFile(`${path}.1`, 'utf8'), '1\n2\n')
  assert.equal(await readFile(path, 'utf8'), '3\n')
})

test('on a disk that is full lines wait, and are written where there is room', async (t) => {
  const path = join(await folder(t), 'audit.jsonl')
  await symlink('/dev/full', path)
  const { file, problems } = await openIn(t, path)
  file.write('1\n')
  await until('it is told', () => problems.length === 1)
  assert.match(problems[0] ?? '', /cannot be written \(ENOSPC.*\)\. Lines lost so far: 0\.$/)
  file.write('2\n')
  await rm(path)
  await file.reopen()
  assert.equal(await readFile(path, 'utf8'), '1\n2\n')
  assert.deepEqual(problems.slice(1), ['The audit file is written again. Lines lost: 0.'])
})

test('where nothing can be opened again it goes on in the file that is open, and says so', async (t) => {
  const parent = await folder(t)
  const path = join(parent, 'audit.jsonl')
  const { file, problems } = await openIn(t, path)
  await rename(path, `${path}.1`)
  await symlink(join(parent, 'missing', 'file'), path)
  await file.reopen()
  file.write('1\n')
  await file.close()
  assert.equal(await readFile(`${path}.1`, 'utf8'), '1\n')
  assert.match(problems[0] ?? '', /ENOENT/)
})

type Outcome = number | 'all' | 'ENOSPC'

function full(): Error {
  return Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' })
}

/** A file whose writes end when a test says so, on a clock that stands still. */
async function setUp(t: TestContext, maxQueuedBytes = 100) {
  const clock = manualClock(t)
  const problems: string[] = []
  const files: string[] = []
  const begun: ((outcome: Outcome) => void)[] = []
  let syncFault: Error | undefined

  async function open(): Promise<AppendingFile> {
    const index = files.push('') - 1
    function take(bytes: Buffer, count = bytes.length): number {
      files[index] += bytes.subarray(0, count).toString()
      return count
    }
    return {
      isCutOff: false,
      async write(bytes) {
        const { promise, resolve } = Promise.withResolvers<Outcome>()
        begun.push(resolve)
        const outcome = await promise
        if (outcome === 'ENOSPC') throw full()
        return take(bytes, outcome === 'all' ? undefined : outcome)
      },
      writeSync(bytes) {
        if (syncFault) throw syncFault
        return take(bytes)
      },
      close: async () => {},
    }
  }

  const file = await openAuditFile('audit', (problem) => void problems.push(problem), {
    open,
    maxQueuedBytes,
    now: clock.now,
  })
  return {
    file,
    clock,
    problems,
    files,
    isWriting: () => begun.length > 0,
    async finish(outcome: Outcome) {
      const end = begun.shift()
      assert.ok(end, 'nothing is being written')
      end(outcome)
      await nextTurn()
    },
    failSync() {
      syncFault = full()
    },
  }
}

/** Whole lines, those of the file itself without their time. */
function linesOf(text: string | undefined): readonly string[] {
  return (text ?? '').split('\n').map((line) => line.replace(/"time":"[^"]+",/, ''))
}

test('a write that ends in the middle of a line goes on there', async (t) => {
  const { file, finish, files } = await setUp(t)
  file.write('one long line\n')
  await finish(12)
  file.write('another\n')
  await finish('all')
  await finish('all')
  assert.deepEqual(files, ['one long line\nanother\n'])
})

test('a line that was cut in two by a full disk is whole in the file that is opened then', async (t) => {
  const { file, finish, files, isWriting } = await setUp(t)
  file.write('first\n')
  file.write('second\n')
  file.write('third\n')
  await finish('all')
  await finish(10)
  await finish('ENOSPC')
  const reopened = file.reopen()
  await nextTurn()
  await finish('all')
  await reopened
  assert.deepEqual(files, ['first\nsecond\nthi', 'third\n'])
  assert.equal(isWriting(), false)
})

test('a failed write is tried again each second, and told of once a minute', async (t) => {
  const { file, clock, finish, files, problems, isWriting } = await setUp(t)
  file.write('1\n')
  for (let seconds = 0; seconds < 61; seconds += 1) {
    await finish('ENOSPC')
    assert.equal(isWriting(), false)
    clock.advance(1000)
  }
  assert.equal(problems.length, 2)
  await finish('all')
  assert.deepEqual([files, clock.pendingTimers], [['1\n'], 0])
  assert.equal(problems.length, 3)
})

test('lines that find no room are counted, told of, and named in their place', async (t) => {
  const { file, clock, finish, files, problems } = await setUp(t, 100)
  file.write('being written\n')
  const line = `${'x'.repeat(49)}\n`
  for (let count = 0; count < 5; count += 1) file.write(line)
  assert.deepEqual(problems, [
    'The audit file cannot be written (the disk is too slow). Lines lost so far: 1.',
  ])
  clock.advance(60_000)
  await finish('all')
  await finish('all')
  await finish('all')
  assert.deepEqual(linesOf(files[0]), [
    'being written',
    line.trim(),
    line.trim(),
    '{"audit":1,"event":"lines_lost","lines":3}',
    '',
  ])
  assert.equal(problems.at(-1), 'The audit file is written again. Lines lost: 3.')
})

test('the first line after a loss comes after the line that tells of it', async (t) => {
  const { file, finish, files } = await setUp(t, 100)
  file.write('being written\n')
  for (let count = 0; count < 3; count += 1) file.write(`${'x'.repeat(49)}\n`)
  await finish('all')
  file.write('after\n')
  await finish('all')
  await finish('all')
  const [, , , lost, after] = linesOf(files[0])
  assert.deepEqual([lost, after], ['{"audit":1,"event":"lines_lost","lines":1}', 'after'])
})

test('a close that cannot write what waits says how much is lost, once', async (t) => {
  const { file, clock, finish, problems } = await setUp(t)
  file.write('1\n')
  file.write('2\n')
  file.write('3\n')
  await finish('ENOSPC')
  const closed = file.close()
  await nextTurn()
  await finish('ENOSPC')
  await closed
  await file.close()
  assert.equal(problems.at(-1), 'The audit file is incomplete (ENOSPC: no space). Lines lost: 3.')
  assert.equal(clock.pendingTimers, 0)
})

test('at the exit of the process what waits is written at once', async (t) => {
  const { file, files, finish } = await setUp(t)
  for (const line of ['1\n', '2\n', '3\n']) file.write(line)
  file.end()
  assert.deepEqual(files, ['2\n3\n'])
  await finish('all')
  assert.deepEqual(files, ['2\n3\n1\n'])
})

test('at the exit of the process what cannot be written is told', async (t) => {
  const { file, failSync, problems, finish } = await setUp(t)
  file.write('1\n')
  await finish('ENOSPC')
  file.write('2\n')
  failSync()
  file.end()
  assert.equal(problems.at(-1), 'The audit file is incomplete (ENOSPC: no space). Lines lost: 2.')
})

test('a line that comes after the end is told to be lost', async (t) => {
  const { file, problems } = await setUp(t)
  await file.close()
  file.write('late\n')
  assert.match(problems[0] ?? '', /Lines lost so far: 1\.$/)
})

test('a service that writes from within what it is told of loses nothing', async (t) => {
  const path = join(await folder(t), 'audit.jsonl')
  await symlink('/dev/full', path)
  let told = 0
  const file: AuditFile = await openAuditFile(path, (problem) => {
    told += 1
    file.write(`${problem.slice(0, 14)}\n`)
  })
  file.write('1\n')
  await until('it was told', () => told === 1)
  await rm(path)
  await file.reopen()
  const whole = '1\nThe audit file\nThe audit file\n'
  await until('all of it is written', async () => (await readFile(path, 'utf8')) === whole)
  await file.close()
})
