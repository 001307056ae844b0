import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parsePolicy } from '../../../src/access/policy/parse-policy.ts'
import { createPolicyFile } from '../../../src/access/policy/policy-file.ts'
import { PolicyError } from '../../../src/access/policy/policy-error.ts'
import { recordingObserver } from '../../support/recording-observer.ts'
import { until } from '../../support/until.ts'
import { aws, policyText } from './setup.ts'

const intervalMs = 5_000
const settleMs = 500

/** A policy whose only destination has this name. */
function policyNamed(name: string): string {
  return policyText({ destinations: [`{ name: ${name}, repositories: ["**"] }`] })
}

async function setup(t: TestContext, { isLoaded = true } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'layergate-'))
  t.after(() => rm(folder, { recursive: true }))
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const path = join(folder, 'policy.yaml')
  const observer = recordingObserver()
  let parses = 0
  const file = createPolicyFile({
    path,
    observer,
    parse(text) {
      parses += 1
      return parsePolicy(text, aws)
    },
  })
  t.after(() => file.stop())
  if (isLoaded) {
    await writeFile(path, policyNamed('first'))
    await file.load()
  }
  return {
    folder,
    path,
    file,
    told: () =>
      observer
        .of('policy_loaded')
        .flatMap((event) => (event.outcome === 'failed' ? [event.problems] : [])),
    loads: () => observer.of('policy_loaded'),
    outcomes: () => observer.of('policy_loaded').map(({ outcome }) => outcome),
    name: () => file.current().destinations[0]?.name,
    parsed: () => parses,
    /** Lets one look at the file come, and end. */
    async look() {
      file.start()
      t.mock.timers.tick(intervalMs)
      await file.stop()
    },
  }
}

test('what the file says is in force from the start', async (t) => {
  const { file, name, loads } = await setup(t)
  assert.equal(name(), 'first')
  assert.deepEqual(file.problems(), [])
  const digest = `sha256:${createHash('sha256').update(policyNamed('first')).digest('hex')}`
  assert.deepEqual(loads(), [
    {
      type: 'policy_loaded',
      outcome: 'loaded',
      digest,
      problems: [],
      destinations: ['first'],
    },
  ])
})

test('there is no policy before the start', async (t) => {
  const { file } = await setup(t, { isLoaded: false })
  assert.throws(() => file.current(), /not loaded yet/)
})

test('a start without the file names it', async (t) => {
  const { file, path, loads } = await setup(t, { isLoaded: false })
  await assert.rejects(file.load(), (error: Error) => {
    assert.ok(error.message.startsWith(`The policy ${path} cannot be used: ENOENT`), error.message)
    return true
  })
  assert.deepEqual(loads(), [])
})

test('a start with a folder, or a pipe, in the place of the file ends', async (t) => {
  const { file, path } = await setup(t, { isLoaded: false })
  await mkdir(path)
  await assert.rejects(file.load(), /cannot be used: It is no file\.$/)
})

test('a start with a policy that makes no sense says what is wrong', async (t) => {
  const { file, path } = await setup(t, { isLoaded: false })
  await writeFile(path, 'version: 1\n')
  await assert.rejects(file.load(), (error) => {
    assert.ok(error instanceof PolicyError)
    assert.deepEqual(error.problems, ['line 1: A policy needs "destinations".'])
    return true
  })
})

test('a new content is in force once two looks saw the same', async (t) => {
  const { path, look, name, outcomes } = await setup(t)
  await writeFile(path, policyNamed('second'))
  await look()
  assert.equal(name(), 'first')
  await look()
  assert.equal(name(), 'second')
  assert.deepEqual(outcomes(), ['loaded', 'loaded'])
})

test('the second look comes soon', async (t) => {
  const { path, file, name } = await setup(t)
  await writeFile(path, policyNamed('second'))
  file.start()
  t.mock.timers.tick(intervalMs)
  let waitedMs = 0
  await until('it is in force', () => {
    t.mock.timers.tick(1)
    waitedMs += 1
    return name() === 'second'
  })
  assert.ok(waitedMs >= settleMs && waitedMs < intervalMs, `${waitedMs}`)
})

test('a content that is still being written is not taken', async (t) => {
  const { path, look, name, outcomes } = await setup(t)
  for (const half of ['second', 'third', 'fourth']) {
    await writeFile(path, policyNamed(half))
    await look()
    assert.equal(name(), 'first')
  }
  await look()
  assert.equal(name(), 'fourth')
  assert.deepEqual(outcomes(), ['loaded', 'loaded'])
})

test('a file that was touched, or written anew with the same bytes, is not read as a policy again', async (t) => {
  const { path, file, look, parsed } = await setup(t)
  const before = file.current()
  await utimes(path, 1, 1)
  await look()
  await writeFile(path, policyNamed('first'))
  await look()
  await look()
  await file.reload()
  assert.equal(file.current(), before)
  assert.equal(parsed(), 1)
})

test('a symlink that is swapped, as those of a ConfigMap are, brings the new content', async (t) => {
  const { folder, path, file, look, name } = await setup(t, { isLoaded: false })
  for (const version of ['one', 'two']) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'policy.yaml'), policyNamed(version))
  }
  await symlink('one', join(folder, '..data'))
  await symlink(join('..data', 'policy.yaml'), path)
  await file.load()
  assert.equal(name(), 'one')
  await symlink('two', join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  await look()
  await look()
  assert.equal(name(), 'two')
})

test('a bad content keeps the policy before, and is told once', async (t) => {
  const { path, file, told, look, name, loads } = await setup(t)
  await writeFile(path, 'version: 1\n')
  for (let looks = 0; looks < 4; looks += 1) await look()
  await file.reload()
  assert.equal(name(), 'first')
  const problems = ['line 1: A policy needs "destinations".']
  assert.deepEqual(file.problems(), problems)
  assert.deepEqual(told(), [problems])
  const [, failed, ...others] = loads()
  assert.deepEqual(others, [])
  assert.equal(failed?.outcome, 'failed')
  assert.deepEqual(failed?.problems, problems)
  assert.match(failed?.digest ?? '', /^sha256:[0-9a-f]{64}$/)
})

test('another bad content is told again', async (t) => {
  const { path, file, told } = await setup(t)
  await writeFile(path, 'version: 1\n')
  await file.reload()
  await writeFile(path, 'version: 2\ndestinations: []\n')
  await file.reload()
  assert.deepEqual(told(), [
    ['line 1: A policy needs "destinations".'],
    ['line 1: "version" must be 1, but is 2.'],
  ])
})

test('the policy in force is loaded once more when it comes back after a bad one', async (t) => {
  const { path, file, name, outcomes } = await setup(t)
  await writeFile(path, 'bad')
  await file.reload()
  await writeFile(path, policyNamed('first'))
  await file.reload()
  assert.equal(name(), 'first')
  assert.deepEqual(file.problems(), [])
  assert.deepEqual(outcomes(), ['loaded', 'failed', 'loaded'])
})

test('a file that is gone keeps the policy, and is told once until it is back', async (t) => {
  const { path, file, look, name, loads, outcomes } = await setup(t)
  await rm(path)
  for (let looks = 0; looks < 3; looks += 1) await look()
  assert.equal(name(), 'first')
  assert.match(file.problems()[0] ?? '', /^ENOENT/)
  assert.deepEqual(outcomes(), ['loaded', 'failed'])
  assert.ok(!('digest' in (loads()[1] ?? {})))
  await writeFile(path, policyNamed('second'))
  await look()
  await look()
  assert.equal(name(), 'second')
  assert.deepEqual(file.problems(), [])
})

for (const [what, change, problem] of [
  ['too large', (path: string) => truncate(path, 1024 * 1024 + 1), 'It is larger than 1 MiB.'],
  [
    'no UTF-8',
    (path: string) => writeFile(path, Buffer.from([0x61, 0xff])),
    'It is not encoded as UTF-8.',
  ],
] as const) {
  test(`a file that is ${what} keeps the policy`, async (t) => {
    const { path, file, name } = await setup(t)
    await change(path)
    await file.reload()
    assert.equal(name(), 'first')
    assert.deepEqual(file.problems(), [problem])
  })
}

test('a file of 1 MiB is not too large', async (t) => {
  const { path, file, name } = await setup(t)
  const text = policyNamed('second')
  await writeFile(path, text + '#'.repeat(1024 * 1024 - text.length))
  await file.reload()
  assert.equal(name(), 'second')
})

test('a reload that is asked for takes the content at once', async (t) => {
  const { path, file, name } = await setup(t)
  await writeFile(path, policyNamed('second'))
  await file.reload()
  assert.equal(name(), 'second')
})

test('of overlapping reloads the newest content wins', async (t) => {
  const { path, file, name } = await setup(t)
  const reloads: Promise<void>[] = []
  for (let version = 0; version < 20; version += 1) {
    await writeFile(`${path}.new`, policyNamed(`v${version}`))
    await rename(`${path}.new`, path)
    reloads.push(file.reload())
  }
  await Promise.all(reloads)
  assert.equal(name(), 'v19')
})

test('a parser that fails otherwise keeps the policy too', async (t) => {
  const { path } = await setup(t)
  let isBroken = false
  const file = createPolicyFile({
    path,
    observer: recordingObserver(),
    parse(text) {
      if (isBroken) throw new TypeError('It is not a function.')
      return parsePolicy(text, aws)
    },
  })
  await file.load()
  isBroken = true
  await writeFile(path, policyNamed('second'))
  await file.reload()
  assert.equal(file.current().destinations[0]?.name, 'first')
  assert.deepEqual(file.problems(), ['It is not a function.'])
})

/** A single look takes nothing that is new: were it taken, somebody else had looked before. */
test('nobody looks at the file before the start', async (t) => {
  const { path, file, look, name } = await setup(t)
  await writeFile(path, policyNamed('second'))
  t.mock.timers.tick(10 * intervalMs)
  await file.stop()
  await look()
  assert.equal(name(), 'first')
})

for (const [when, afterMs] of [
  ['before a look', 0],
  ['during a look', intervalMs],
] as const) {
  test(`nobody looks at the file after a stop ${when}`, async (t) => {
    const { path, file, look, name } = await setup(t)
    file.start()
    t.mock.timers.tick(afterMs)
    await file.stop()
    await writeFile(path, policyNamed('second'))
    t.mock.timers.tick(10 * intervalMs)
    await file.stop()
    await look()
    assert.equal(name(), 'first')
  })
}
