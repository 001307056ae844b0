import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { tarOf } from './support/tar.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { fileOf, startVerify, temporaryFolder, verify } from './support/verify-command.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const tar = tarOf({ 'etc/motd': 'Welcome.\n', 'etc/hostname': 'builder\n' })
const gzip = gzipSync(tar)
const digest = digestOf(gzip)
const gzipGood = `good: ${digest} (${gzip.length} bytes, gzip, tar with 2 entries, diff_id ${digestOf(tar)})\n`

for (const [what, bytes, contents] of [
  ['gzip', gzip, `gzip, tar with 2 entries, diff_id ${digestOf(tar)}`],
  ['zstd', zstdCompressSync(tar), `zstd, tar with 2 entries, diff_id ${digestOf(tar)}`],
  ['not compressed', tar, 'not compressed, tar with 2 entries'],
] as const) {
  test(`a sound layer that is ${what} is good`, async (t) => {
    const args = [await fileOf(t, bytes), '--digest', digestOf(bytes)]
    assert.deepEqual(await verify(args), {
      status: 0,
      stdout: `good: ${digestOf(bytes)} (${bytes.length} bytes, ${contents})\n`,
      stderr: '',
    })
  })
}

test('an answer that cannot be written is told, and is no verdict', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const args = [await fileOf(t, gzip), '--digest', digest]
  const { status, stderr } = spawnSync(process.execPath, [main, 'verify', ...args], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  })
  assert.deepEqual(
    { status, stderr },
    { status: 2, stderr: 'The answer cannot be written: ENOSPC: no space left on device, write\n' },
  )
})

test('what is no archive is good, and it is said what becomes of it', async (t) => {
  const page = Buffer.from('<!doctype html><title>Sign in</title>')
  const { status, stdout } = await verify([await fileOf(t, page), '--digest', digestOf(page)])
  assert.equal(status, 0)
  const [good, note] = stdout.split('\n')
  assert.equal(good, `good: ${digestOf(page)} (37 bytes, not compressed, an HTML page)`)
  assert.match(note ?? '', /^note: .*refused/)
})

test('standard input is read where the file is -, and nothing of it is left', async (t) => {
  const folder = await temporaryFolder(t)
  const asked = { input: gzip, env: { TMPDIR: folder } }
  const { status, stdout, stderr } = await verify(['-', '--digest', digest], asked)
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: gzipGood, stderr: '' })
  assert.deepEqual(await readdir(folder), [])
})

test('a symbolic link is followed', async (t) => {
  const path = await fileOf(t, gzip)
  await symlink(path, `${path}-link`)
  assert.equal((await verify([`${path}-link`, '--digest', digest])).stdout, gzipGood)
})

test('the answer of --json is one object', async (t) => {
  const path = await fileOf(t, gzip)
  const { status, stdout, stderr } = await verify([path, '--digest', digest, '--json'])
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  assert.deepEqual(JSON.parse(stdout), {
    file: path,
    result: 'good',
    expected: { digest },
    actual: { digest, sizeBytes: gzip.length },
    findings: {
      compression: 'gzip',
      contents: 'tar',
      inflatedBytes: tar.length,
      entries: 2,
      diffId: digestOf(tar),
    },
  })
})

test('a layer beyond the limits is good, unexamined, unless such layers are refused', async (t) => {
  const args = [await fileOf(t, gzip), '--digest', digest]
  const env = { LAYERGATE_INSPECT_MAX_ENTRIES: '1' }
  const passed = await verify(args, { env })
  assert.equal(passed.status, 0)
  assert.match(passed.stdout, /^good: .*, gzip, not examined to its end\)\n/)
  assert.match(passed.stdout, /^not examined: .*LAYERGATE_INSPECT_MAX_ENTRIES/m)

  const refused = await verify(args, { env: { ...env, LAYERGATE_INSPECT_OVER_LIMIT: 'refuse' } })
  assert.equal(refused.status, 1)
  assert.match(refused.stdout, /^refused: beyond_limits: .*\ncause: beyond_limits\n/)
})

test('settings of the service that have nothing to do with it are not read', async (t) => {
  const env = { LAYERGATE_INSPECT: 'off', LAYERGATE_PORT: 'http', LAYERGATE_MAXIMUM: '1' }
  const cut = gzip.subarray(0, -4)
  const args = [await fileOf(t, cut), '--digest', digestOf(cut)]
  const { status, stdout } = await verify(args, { env })
  assert.equal(status, 1)
  assert.match(stdout, /^refused: malformed_gzip: /)
})

test('a setting that makes no sense is named, and nothing is looked at', async (t) => {
  const env = { LAYERGATE_INSPECT_MAX_RATIO: 'many', LAYERGATE_INSPECT_OVER_LIMIT: 'wait' }
  const args = [await fileOf(t, gzip), '--digest', digest]
  const { status, stdout, stderr } = await verify(args, { env })
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
  assert.match(stderr, /LAYERGATE_INSPECT_MAX_RATIO must/)
  assert.match(stderr, /LAYERGATE_INSPECT_OVER_LIMIT must/)
})

for (const [args, words] of [
  [[], /^FILE is missing; .*\n$/],
  [['--digest', digest], /^FILE is missing; .*\n$/],
  [['FILE'], /^--digest is missing; .*\n$/],
  [['FILE', '--digest'], /^Option '--digest <value>' argument missing\n$/],
  [['FILE', 'another', '--digest', digest], /^Unknown argument "another"\.\n$/],
  [['FILE', '--digest', digest, '--force'], /^Unknown option '--force'\./],
  [['FILE', '--digest', digest.slice(0, -1)], /^"sha256:[0-9a-f]{63}" is not a digest\. Write /],
  [['FILE', '--digest', digest.toUpperCase()], /^"SHA256:[0-9A-F]{64}" is not a digest\. Write /],
  [['FILE', '--digest', `md5:${'0'.repeat(32)}`], /^.* uses the algorithm md5\. Use sha256: .*\n$/],
] as const) {
  test(`verify ${args.join(' ')} makes no sense`, async (t) => {
    const path = await fileOf(t, gzip)
    const { status, stdout, stderr } = await verify(args.map((arg) => arg.replace('FILE', path)))
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    assert.match(stderr, words)
  })
}

test('what is no readable file is told of in one sentence', async (t) => {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'file'), gzip)
  spawnSync('mkfifo', [join(folder, 'fifo')])
  for (const [name, words] of [
    ['gone', /^".*gone" cannot be read: no such file or directory\.\n$/],
    ['file/below', /^".*below" cannot be read: not a directory\.\n$/],
    ['sub', /^".*sub" is a directory\.\n$/],
    ['fifo', /^".*fifo" is no file; .*"-"\.\n$/],
  ] as const) {
    const { status, stdout, stderr } = await verify([join(folder, name), '--digest', digest])
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    assert.match(stderr, words)
  }
})

test('a standard input that cannot be kept is told of in one sentence', async (t) => {
  const folder = join(await temporaryFolder(t), 'gone')
  const asked = { input: gzip, env: { TMPDIR: folder } }
  const { status, stdout, stderr } = await verify(['-', '--digest', digest], asked)
  assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
  assert.match(stderr, /^Standard input cannot be .*TMPDIR.*: no such file or directory\.\n$/)
})

test('Ctrl-C ends it, and nothing of standard input is left', async (t) => {
  const folder = await temporaryFolder(t)
  const child = startVerify(['-', '--digest', digest], { TMPDIR: folder })
  const closed = once(child, 'close')
  // More than a pipe holds: once it is written, somebody reads.
  await new Promise((written) => child.stdin.write(layerBytes(1024 * 1024), written))
  child.kill('SIGINT')
  await closed
  assert.equal(child.signalCode, 'SIGINT')
  assert.deepEqual(await readdir(folder), [])
})

test('verify --help shows the usage', async () => {
  const { status, stdout } = await verify(['--help'])
  assert.equal(status, 0)
  assert.match(stdout, /^Usage: layergate verify FILE --digest D \[--json\]\n/)
  assert.match(stdout, /LAYERGATE_INSPECT_OVER_LIMIT/)
})

test('a reader that leaves early is no failure', async (t) => {
  const line = '("$0" "$1" verify "$2" --digest "$3"; echo "exit status $?" >&2) | true'
  const args = ['-c', line, process.execPath, main, await fileOf(t, gzip), digest]
  const { stderr } = spawnSync('sh', args, { encoding: 'utf8', timeout: 30_000 })
  assert.equal(stderr, 'exit status 0\n')
})
