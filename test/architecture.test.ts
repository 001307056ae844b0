import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Import, importsOf, readSources, type SourceFile } from './support/source-imports.ts'

interface Direction {
  /** Folders (with a slash at the end) and files that may be imported, beside the folder itself. */
  readonly ours: readonly string[]
  readonly packages?: readonly string[]
  /** Packages of which only types may be imported. */
  readonly types?: readonly string[]
}

/** Who may import what. Built-in modules are for everybody. */
const directions: Readonly<Record<string, Direction>> = {
  registry: { ours: [] },
  fairness: { ours: [] },
  memory: { ours: [] },
  layers: { ours: ['registry/'] },
  ingest: { ours: ['fairness/', 'layers/', 'memory/', 'registry/'] },
  publish: { ours: ['layers/', 'registry/'] },
  access: { ours: ['registry/'], packages: ['jose', 'yaml'] },
  reads: {
    ours: [
      'ingest/upload-sessions.ts',
      'publish/acceptance.ts',
      'publish/forward-failure.ts',
      'publish/forward-journal.ts',
      'publish/known-layer.ts',
      'publish/upstream.ts',
      'publish/upstream-error.ts',
      'layers/open-if-held.ts',
      'layers/spool.ts',
      'registry/',
    ],
  },
  inspect: { ours: ['fairness/', 'layers/inspector.ts', 'layers/spool.ts', 'registry/'] },
  upstream: {
    ours: [
      'fairness/',
      'memory/',
      'publish/upstream.ts',
      'publish/upstream-error.ts',
      'reads/catalog.ts',
      'layers/verified-layer.ts',
      'layers/spool.ts',
      'registry/',
    ],
    packages: ['@aws-sdk/client-ecr-public', '@aws-sdk/credential-providers'],
  },
  storage: {
    ours: [
      'ingest/upload-sessions.ts',
      'publish/forward-journal.ts',
      'layers/layer-findings.ts',
      'layers/refusals.ts',
      'layers/spool.ts',
      'memory/',
      'registry/',
    ],
  },
  telemetry: {
    ours: ['registry/'],
    packages: [
      '@opentelemetry/api',
      '@opentelemetry/core',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
      'pino',
      'prom-client',
    ],
  },
  http: {
    ours: [
      'access/',
      'fairness/',
      'ingest/',
      'publish/',
      'reads/',
      'layers/refusals.ts',
      'layers/spool.ts',
      'registry/',
    ],
    packages: ['fastify', '@fastify/multipart'],
  },
  config: { ours: ['registry/loopback.ts'] },
  sandbox: { ours: [] },
  commands: { ours: ['config/', 'telemetry/logger.ts', 'wiring.ts'], types: ['fastify', 'pino'] },
  'wiring-parts.ts': {
    ours: [
      'access/access.ts',
      'config/config.ts',
      'ingest/upload-sessions.ts',
      'layers/inspector.ts',
      'layers/layer-findings.ts',
      'layers/refusals.ts',
      'layers/spool.ts',
      'publish/forward-journal.ts',
      'publish/upstream.ts',
      'reads/catalog.ts',
      'registry/',
      'storage/disk/files.ts',
    ],
    types: ['pino'],
  },
  'wiring-access.ts': {
    ours: ['access/', 'config/config.ts', 'registry/', 'upstream/sleep.ts'],
    types: ['pino'],
  },
  'wiring-inspection.ts': {
    ours: [
      'wiring-parts.ts',
      'config/config.ts',
      'inspect/',
      'layers/inspector.ts',
      'layers/layer-findings.ts',
      'publish/forward-journal.ts',
      'registry/',
    ],
    types: ['pino'],
  },
  'wiring-publish.ts': {
    ours: [
      'wiring-access.ts',
      'wiring-parts.ts',
      'config/config.ts',
      'layers/',
      'publish/',
      'reads/',
      'registry/',
      'upstream/accounts.ts',
      'upstream/sleep.ts',
    ],
    types: ['pino'],
  },
  'wiring-status.ts': {
    ours: [
      'wiring-parts.ts',
      'wiring-watch.ts',
      'http/page/status.ts',
      'http/routes/system.ts',
      'layers/refusals.ts',
      'publish/forward-journal.ts',
      'upstream/accounts.ts',
    ],
  },
  'wiring-sweeps.ts': {
    ours: [
      'wiring-parts.ts',
      'config/config.ts',
      'ingest/sweep.ts',
      'ingest/sweeper.ts',
      'publish/expire-held.ts',
    ],
    types: ['pino'],
  },
  'wiring-watch.ts': {
    ours: [
      'wiring-parts.ts',
      'layers/refusal-recorder.ts',
      'layers/refusals.ts',
      'publish/forward-journal.ts',
      'publish/pace/',
      'registry/',
      'telemetry/',
      'upstream/',
    ],
  },
  'wiring.ts': {
    ours: [
      'wiring-parts.ts',
      'wiring-access.ts',
      'wiring-inspection.ts',
      'wiring-publish.ts',
      'wiring-status.ts',
      'wiring-sweeps.ts',
      'wiring-watch.ts',
      'access/',
      'config/',
      'http/',
      'ingest/',
      'inspect/',
      'layers/',
      'publish/',
      'reads/',
      'registry/',
      'storage/',
      'telemetry/',
      'upstream/',
    ],
    types: ['fastify', 'pino'],
  },
  'main.ts': { ours: ['commands/', 'config/'] },
}

/** Exceptions for single files, and for folders within others, beside what their folder may. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  'commands/sandbox.ts': ['sandbox/sandbox.ts'],
  // The policy alone, without a service.
  'commands/check.ts': ['access/policy/'],
  'commands/check/': ['access/', 'registry/'],
  'commands/forwards/': ['registry/plain-text.ts'],
  'commands/check/aws.ts': ['upstream/preflight/'],
  'commands/token.ts': ['access/policy/names.ts'],
  // Told without a stack.
  'commands/command-line.ts': ['access/policy/policy-error.ts'],
  'commands/start-error.ts': ['http/tls/key-pair.ts'],
  'commands/serve.ts': [
    'telemetry/audit/audit-file.ts',
    'telemetry/standard-output.ts',
    'telemetry/traces/open-traces.ts',
  ],
  // Starts it as a process of its own.
  'commands/start.ts': ['main.ts'],
  // Where no service runs, the command answers in its place, out of the same folder.
  'commands/forwards/ask-folder.ts': ['http/control-app.ts', 'storage/embedded.ts'],
  'commands/forwards/order-audit.ts': ['registry/', 'telemetry/audit/'],
  'commands/forwards/ask-service.ts': ['http/control/control-socket.ts'],
  // The same inspection as that of the service, without one.
  'commands/verify.ts': ['inspect/', 'registry/'],
  'commands/verify/': ['inspect/', 'registry/'],
}

/** Names that are for certain files alone. */
const reserved: Readonly<Record<string, readonly string[]>> = {
  mintVerifiedLayer: ['layers/gate.ts'],
  openVerified: ['upstream/'],
}

const src = await readSources(new URL('../src/', import.meta.url))

function covers(allowed: string, path: string): boolean {
  return allowed.endsWith('/') ? path.startsWith(allowed) : path === allowed
}

function isAllowed(path: string, { target, isOurs, isTypeOnly }: Import): boolean {
  const [home = path] = path.split('/')
  const { ours, packages = [], types = [] } = directions[home] ?? { ours: [] }
  if (isOurs) {
    const more = Object.entries(exceptions).flatMap(([of, may]) => (covers(of, path) ? may : []))
    const mayImport = [`${home}/`, ...ours, ...more]
    return mayImport.some((allowed) => covers(allowed, target))
  }
  return (
    target.startsWith('node:') ||
    packages.includes(target) ||
    (isTypeOnly && types.includes(target))
  )
}

function forbiddenImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((imported) => {
      const broken = isAllowed(file.path, imported) ? [] : [`${file.path} -> ${imported.target}`]
      for (const name of imported.names) {
        const users = reserved[name]
        if (!users || users.some((user) => covers(user, file.path))) continue
        broken.push(`${file.path} -> ${imported.target} (${name})`)
      }
      return broken
    }),
  )
}

function environmentReaders(files: readonly SourceFile[]): string[] {
  const reads = /\bprocess\.env\b|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'node:process'/
  return files
    .filter(({ path }) => path !== 'main.ts' && !path.startsWith('commands/'))
    .filter(({ text }) => reads.test(text))
    .map(({ path }) => path)
}

test('every import of src goes in an allowed direction', () => {
  assert.deepEqual(forbiddenImports(src), [])
})

test('every folder of src has a direction, and every direction a folder', () => {
  const homes = new Set(src.map(({ path }) => path.split('/')[0]))
  assert.deepEqual(homes, new Set(Object.keys(directions)))
})

test('the environment is read by main.ts and the commands alone', () => {
  assert.deepEqual(environmentReaders(src), [])
})

test('the gate imports the mint, and nobody else does', () => {
  const importers = src.filter((file) =>
    importsOf(file).some(({ names }) => names.includes('mintVerifiedLayer')),
  )
  assert.deepEqual(
    importers.map(({ path }) => path),
    ['layers/gate.ts'],
  )
})

for (const [path, text, expected] of [
  ['registry/digest.ts', "import { Spool } from '../layers/spool.ts'", 'layers/spool.ts'],
  ['ingest/room.ts', "import type { Door } from '../publish/door.ts'", 'publish/door.ts'],
  ['publish/door.ts', "export { receive } from '../ingest/receive.ts'", 'ingest/receive.ts'],
  ['publish/door.ts', "export * from '../ingest/receive.ts'", 'ingest/receive.ts'],
  ['reads/find-layer.ts', "import '../publish/forwarder.ts'", 'publish/forwarder.ts'],
  ['storage/embedded.ts', "const a = await import('../upstream/sleep.ts')", 'upstream/sleep.ts'],
  ['storage/disk/space.ts', "new URL('../../layers/gate.ts', import.meta.url)", 'layers/gate.ts'],
  ['upstream/sleep.ts', "import type {\n  Door,\n} from '../publish/door.ts'", 'publish/door.ts'],
  ['upstream/sleep.ts', "import { pino } from 'pino'", 'pino'],
  ['wiring.ts', "import { fastify } from 'fastify'", 'fastify'],
  ['wiring.ts', "import { startSandbox } from './sandbox/sandbox.ts'", 'sandbox/sandbox.ts'],
  [
    'commands/serve.ts',
    "import { startSandbox } from '../sandbox/sandbox.ts'",
    'sandbox/sandbox.ts',
  ],
  ['sandbox/state.ts', "import { parseDigest } from '../registry/digest.ts'", 'registry/digest.ts'],
  [
    'publish/door.ts',
    "import { ECRPUBLIC } from '@aws-sdk/client-ecr-public'",
    '@aws-sdk/client-ecr-public',
  ],
  ['http/app.ts', "import { Counter } from 'prom-client'", 'prom-client'],
  [
    'layers/gate.ts',
    "import { until } from '../../test/support/until.ts'",
    '../test/support/until.ts',
  ],
  [
    'layers/layer-cache.ts',
    "import { mintVerifiedLayer, type VerifiedLayer } from './verified-layer.ts'",
    'layers/verified-layer.ts (mintVerifiedLayer)',
  ],
] as const) {
  test(`this test would see ${path} import ${expected}`, () => {
    const file = { path, text: `import { join } from 'node:path'\n${text}\n` }
    assert.deepEqual(forbiddenImports([file]), [`${path} -> ${expected}`])
  })
}

test('this test would see the environment being read elsewhere', () => {
  const files = [
    { path: 'config/config.ts', text: 'const port = process.env.PORT' },
    { path: 'layers/gate.ts', text: "import { arch, env } from 'node:process'" },
    { path: 'main.ts', text: "import { env } from 'node:process'" },
    { path: 'http/app.ts', text: "import { version } from 'node:process'" },
  ]
  assert.deepEqual(environmentReaders(files), ['config/config.ts', 'layers/gate.ts'])
})
