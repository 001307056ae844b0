import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { execPath } from 'node:process'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sandboxCredentials } from '../../src/sandbox/credentials.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { defaultSwitches, type Switches } from '../../src/sandbox/switches.ts'

const MiB = 1024 * 1024

/** The switches that the probe can tell without an option that disturbs or costs more. */
const plain = {
  partSizeBytes: 10 * MiB,
  maxPartBytes: 20 * MiB,
  lastValidByte: 'present',
  uploadAfterInvalidLayer: 'dropped',
  repeatedComplete: 'UploadNotFoundException',
  absentAs: 'unavailable',
} satisfies Partial<Switches>

test('the probe finds the switches that the sandbox has by default', async (t) => {
  const { url } = await sandboxWith(t, {})
  const { exitCode, stdout } = await probeAws('probe', '--endpoint', url)
  assert.equal(exitCode, 0)
  assert.deepEqual(lastLine(stdout), plain)
  assert.partialDeepStrictEqual(defaultSwitches, plain)
})

test('the probe finds each switch in its other position', async (t) => {
  const switches = {
    partSizeBytes: 5 * MiB,
    maxPartBytes: 10 * MiB,
    lastValidByte: 'absent',
    uploadAfterInvalidLayer: 'kept',
    repeatedComplete: 'LayerAlreadyExistsException',
    absentAs: 'failure',
  } satisfies Pick<Switches, keyof typeof plain>
  const { url } = await sandboxWith(t, switches)
  const { stdout } = await probeAws('probe', '--endpoint', url)
  assert.deepEqual(lastLine(stdout), switches)
})

test('with --with-large the probe finds how many parts and layers are allowed', async (t) => {
  const limits = {
    maxParts: 7,
    partsPastLimitError: 'InvalidParameterException',
    maxLayersPerImage: 3,
  } as const
  const { url } = await sandboxWith(t, limits)
  const { stdout } = await probeAws('probe', '--endpoint', url, '--with-large')
  assert.deepEqual(lastLine(stdout), { ...plain, ...limits })
})

test('with --with-throttling the probe finds how a throttle is named', async (t) => {
  const throttle = { throttleName: 'ThrottleException', throttleStatus: 429 } as const
  const quotas = { CompleteLayerUpload: { ratePerSecond: 1, burst: 30 } }
  const { url } = await sandboxWith(t, { ...throttle, quotas })
  const { stdout } = await probeAws('probe', '--endpoint', url, '--with-throttling')
  assert.deepEqual(lastLine(stdout), { ...plain, ...throttle })
})

test('a throttle that comes in between is waited out', async (t) => {
  const sandbox = await sandboxWith(t, {})
  const fault = { kind: 'exception', name: 'ThrottlingException' } as const
  sandbox.addFault({ operation: 'UploadLayerPart', call: 1, fault })
  const { stdout } = await probeAws('probe', '--endpoint', sandbox.url)
  assert.deepEqual(lastLine(stdout), plain)
})

test('the probe makes no more calls than it announced, and no image', async (t) => {
  const sandbox = await sandboxWith(t, {})
  const { stdout } = await probeAws('probe', '--endpoint', sandbox.url)
  const announced = Object.groupBy(
    stdout.matchAll(/(?<count>\d+) (?<operation>[A-Z]\w{4,})(?=[,;])/g),
    ({ groups }) => groups?.['operation'] ?? '',
  )
  const made = Object.groupBy(sandbox.calls(), ({ operation }) => operation)
  assert.deepEqual(Object.keys(made).toSorted(), Object.keys(announced).toSorted())
  for (const [operation, calls = []] of Object.entries(made)) {
    const atMost = announced[operation]?.reduce((sum, [, count]) => sum + Number(count), 0) ?? 0
    assert.ok(calls.length <= atMost, `${calls.length} ${operation}, announced ${atMost}`)
  }
  assert.deepEqual(sandbox.state().repositories[0]?.images, [])
})

test('the probe tells the status code of each exception', async (t) => {
  const { url } = await sandboxWith(t, {})
  const { stdout } = await probeAws('probe', '--endpoint', url)
  assert.match(stdout, /^status code of LayersNotFoundException: 400$/m)
  assert.match(stdout, /^status code of InvalidSignatureException: 400$/m)
})

test('an unfinished upload is still there later, or gone', async (t) => {
  const sandbox = await sandboxWith(t, {})
  const { stdout } = await probeAws('probe', '--endpoint', sandbox.url)
  const check = / (--check-upload) (\S+)$/m.exec(stdout)?.slice(1) ?? []
  const uploadId = check[1]

  const there = await probeAws('probe', '--endpoint', sandbox.url, ...check)
  assert.match(there.stdout, new RegExp(`^upload ${uploadId} is still there$`, 'm'))
  sandbox.setSwitches({ uploadTtlMs: 0 })
  const gone = await probeAws('probe', '--endpoint', sandbox.url, ...check)
  assert.match(gone.stdout, new RegExp(`^upload ${uploadId} is gone$`, 'm'))
})

test('a repository that does not exist ends the probe with the exception', async (t) => {
  const { url } = await sandboxWith(t, {})
  const { exitCode, stderr } = await probeAws('missing', '--endpoint', url)
  assert.equal(exitCode, 1)
  assert.match(stderr, /InitiateLayerUpload was refused: RepositoryNotFoundException/)
})

test('without a repository the probe does nothing', async () => {
  const { exitCode, stdout, stderr } = await probeAws()
  assert.equal(exitCode, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /name a throwaway repository/)
})

test('against AWS the probe says what it would call, and calls nothing without --yes', async () => {
  for (const endpoint of [[], ['--endpoint', 'https://api.ecr-public.invalid']]) {
    const { exitCode, stdout, stderr } = await probeAws('probe', ...endpoint)
    assert.equal(exitCode, 2)
    assert.match(stdout, /^- part size: .* 4 UploadLayerPart,/m)
    assert.match(stderr, /nothing was called; add --yes/)
  }
})

async function sandboxWith(t: TestContext, switches: Partial<Switches>) {
  const sandbox = await startSandbox({ repositories: ['probe'], switches })
  t.after(() => sandbox.close())
  return sandbox
}

function probeAws(...args: string[]) {
  const script = fileURLToPath(new URL('../../scripts/probe-aws', import.meta.url))
  const env = {
    PATH: `${dirname(execPath)}:/usr/bin:/bin`,
    AWS_ACCESS_KEY_ID: sandboxCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandboxCredentials.secretAccessKey,
  }
  return new Promise<{ exitCode: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(script, args, { env }, (_error, stdout, stderr) =>
      resolve({ exitCode: child.exitCode, stdout, stderr }),
    )
  })
}

function lastLine(stdout: string): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
