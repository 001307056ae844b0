import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Config, loadConfig } from '../../src/config/config.ts'
import type { RateName } from '../../src/config/rates.ts'
import { settings } from '../../src/config/settings.ts'
import { problemsOf, sandbox } from './setup.ts'

test('with nothing but an upstream every setting has its default', () => {
  assert.deepEqual(loadConfig(sandbox), {
    http: {
      host: '127.0.0.1',
      port: 8080,
      adminPort: undefined,
      hasStatusPage: true,
      publicUrl: undefined,
      trustedProxies: [],
      tls: undefined,
    },
    access: { policyFile: undefined, loginTtlMs: 6 * 3_600_000, auditFile: undefined },
    upstream: {
      kind: 'sandbox',
      endpoint: new URL('http://127.0.0.1:8081'),
      registryEndpoint: new URL('http://127.0.0.1:8081'),
      registryId: undefined,
      quotaShare: 1,
      ratesPerSecond: {},
    },
    storage: {
      dataDir: './.layergate',
      spoolMaxBytes: undefined,
      memoryMaxBytes: 128 * 1024 ** 2,
    },
    ingest: {
      maxLayerBytes: 10_000 * 1024 ** 2,
      maxUploads: 256,
      queueWaitMs: 20_000,
      idleTimeoutMs: 60_000,
      uploadTtlMs: 24 * 3_600_000,
    },
    publish: { manifestWaitMs: 600_000, aheadMs: 20_000, forwardTtlMs: 24 * 3_600_000 },
    inspect: {
      mode: 'enforce',
      overLimit: 'pass',
      maxRatio: 1000,
      maxInflatedBytes: 100 * 1024 ** 3,
      maxEntries: 1_000_000,
    },
    drainMs: 25_000,
    logLevel: 'info',
    traces: undefined,
  })
})

type Case = readonly [text: string, read: (config: Config) => unknown, value: unknown]

function rate(name: RateName): (config: Config) => unknown {
  return ({ upstream }) => upstream.ratesPerSecond[name]
}

const cases: Readonly<Record<string, Case>> = {
  LAYERGATE_HOST: ['0.0.0.0', ({ http }) => http.host, '0.0.0.0'],
  LAYERGATE_PORT: ['0', ({ http }) => http.port, 0],
  LAYERGATE_STATUS_PAGE: ['false', ({ http }) => http.hasStatusPage, false],
  LAYERGATE_ADMIN_PORT: ['9090', ({ http }) => http.adminPort, 9090],
  LAYERGATE_PUBLIC_URL: [
    'https://layers.example',
    ({ http }) => http.publicUrl?.href,
    'https://layers.example/',
  ],
  LAYERGATE_TRUSTED_PROXIES: [
    '10.0.0.0/8, ::1',
    ({ http }) => http.trustedProxies.join(' '),
    '10.0.0.0/8 ::1',
  ],
  LAYERGATE_POLICY: ['/etc/policy.yaml', ({ access }) => access.policyFile, '/etc/policy.yaml'],
  LAYERGATE_LOGIN_TTL: ['2h', ({ access }) => access.loginTtlMs, 7_200_000],
  LAYERGATE_AUDIT_FILE: ['/var/audit', ({ access }) => access.auditFile, '/var/audit'],
  LAYERGATE_UPSTREAM: ['sandbox', ({ upstream }) => upstream.kind, 'sandbox'],
  LAYERGATE_UPSTREAM_ENDPOINT: [
    'http://127.0.0.1:9000',
    ({ upstream }) => upstream.endpoint?.href,
    'http://127.0.0.1:9000/',
  ],
  LAYERGATE_REGISTRY_ENDPOINT: [
    'http://127.0.0.1:9001',
    ({ upstream }) => upstream.registryEndpoint.href,
    'http://127.0.0.1:9001/',
  ],
  LAYERGATE_REGISTRY_ID: ['123456789012', ({ upstream }) => upstream.registryId, '123456789012'],
  LAYERGATE_QUOTA_SHARE: ['0.5', ({ upstream }) => upstream.quotaShare, 0.5],
  LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: ['100', rate('InitiateLayerUpload'), 100],
  LAYERGATE_RATE_UPLOAD_LAYER_PART: ['500', rate('UploadLayerPart'), 500],
  LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: ['99.5', rate('CompleteLayerUpload'), 99.5],
  LAYERGATE_RATE_BATCH_CHECK_LAYER_AVAILABILITY: ['20', rate('BatchCheckLayerAvailability'), 20],
  LAYERGATE_RATE_PUT_IMAGE: ['0.25', rate('PutImage'), 0.25],
  LAYERGATE_RATE_GET_AUTHORIZATION_TOKEN: ['1', rate('GetAuthorizationToken'), 1],
  LAYERGATE_RATE_DESCRIBE_REGISTRIES: ['2', rate('DescribeRegistries'), 2],
  LAYERGATE_RATE_REGISTRY_READS: ['12', rate('RegistryReads'), 12],
  LAYERGATE_DATA_DIR: ['/data', ({ storage }) => storage.dataDir, '/data'],
  LAYERGATE_MAX_LAYER: ['1GiB', ({ ingest }) => ingest.maxLayerBytes, 1024 ** 3],
  LAYERGATE_SPOOL_MAX: ['2GiB', ({ storage }) => storage.spoolMaxBytes, 2 * 1024 ** 3],
  LAYERGATE_MEMORY_MAX: ['64MiB', ({ storage }) => storage.memoryMaxBytes, 64 * 1024 ** 2],
  LAYERGATE_MAX_UPLOADS: ['8', ({ ingest }) => ingest.maxUploads, 8],
  LAYERGATE_QUEUE_WAIT: ['5s', ({ ingest }) => ingest.queueWaitMs, 5000],
  LAYERGATE_AHEAD: ['10s', ({ publish }) => publish.aheadMs, 10_000],
  LAYERGATE_UPLOAD_IDLE: ['2m', ({ ingest }) => ingest.idleTimeoutMs, 120_000],
  LAYERGATE_UPLOAD_TTL: ['48h', ({ ingest }) => ingest.uploadTtlMs, 48 * 3_600_000],
  LAYERGATE_MANIFEST_WAIT: ['1h', ({ publish }) => publish.manifestWaitMs, 3_600_000],
  LAYERGATE_FORWARD_TTL: ['48h', ({ publish }) => publish.forwardTtlMs, 48 * 3_600_000],
  LAYERGATE_INSPECT: ['report', ({ inspect }) => inspect.mode, 'report'],
  LAYERGATE_INSPECT_MAX_RATIO: ['200', ({ inspect }) => inspect.maxRatio, 200],
  LAYERGATE_INSPECT_MAX_BYTES: ['2GiB', ({ inspect }) => inspect.maxInflatedBytes, 2 * 1024 ** 3],
  LAYERGATE_INSPECT_MAX_ENTRIES: ['5000', ({ inspect }) => inspect.maxEntries, 5000],
  LAYERGATE_INSPECT_OVER_LIMIT: ['refuse', ({ inspect }) => inspect.overLimit, 'refuse'],
  LAYERGATE_DRAIN: ['500ms', ({ drainMs }) => drainMs, 500],
  LAYERGATE_LOG_LEVEL: ['debug', ({ logLevel }) => logLevel, 'debug'],
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    'http://127.0.0.1:4318',
    ({ traces }) => traces?.endpoint.href,
    'http://127.0.0.1:4318/',
  ],
}

for (const [name, [text, read, value]] of Object.entries(cases)) {
  test(`${name}=${text} is taken`, () => {
    assert.deepEqual(read(loadConfig({ ...sandbox, [name]: text })), value)
  })
}

test('no setting is left out here', () => {
  // This one is not passed on: it only decides whether AWS may be chosen, see below.
  const { name: noAuth } = settings.insecureNoAuth
  // These go together, see below.
  const tls = [settings.tlsCert.name, settings.tlsKey.name]
  const names = Object.values(settings).map(({ name }) => name)
  // These say nothing where there is no collector, see below.
  const sampling = [settings.tracesSampler.name, settings.tracesSamplerArg.name]
  assert.deepEqual(new Set([...Object.keys(cases), noAuth, ...tls, ...sampling]), new Set(names))
})

test('certificate and key are set together', () => {
  const cert = { LAYERGATE_TLS_CERT: '/tls/cert.pem' }
  const key = { LAYERGATE_TLS_KEY: '/tls/key.pem' }
  assert.deepEqual(loadConfig({ ...sandbox, ...cert, ...key }).http.tls, {
    certFile: '/tls/cert.pem',
    keyFile: '/tls/key.pem',
  })
  for (const alone of [cert, key]) {
    assert.deepEqual(problemsOf({ ...sandbox, ...alone }), [
      'LAYERGATE_TLS_CERT and LAYERGATE_TLS_KEY must be set together.',
    ])
  }
})

test('which pushes are traced is asked where there is a collector alone', () => {
  const collector = { ...sandbox, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
  const sampling = {
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  }
  const { traces } = loadConfig({ ...collector, ...sampling })
  assert.deepEqual([traces?.sampler, traces?.sampledShare], ['parentbased_traceidratio', 0.25])
  const { traces: all } = loadConfig(collector)
  assert.deepEqual([all?.sampler, all?.sampledShare], ['parentbased_always_on', 1])

  const others = { OTEL_TRACES_SAMPLER: 'xray', OTEL_TRACES_SAMPLER_ARG: 'endpoint=x' }
  assert.equal(loadConfig({ ...sandbox, ...others }).traces, undefined)
  assert.equal(problemsOf({ ...collector, ...others }).length, 2)
})

test('a rate that is set is the only one that is passed on', () => {
  const env = { ...sandbox, LAYERGATE_RATE_PUT_IMAGE: '20' }
  assert.deepEqual(loadConfig(env).upstream.ratesPerSecond, { PutImage: 20 })
})

for (const { name, meaning, parse, ...rest } of Object.values(settings)) {
  test(`${name} has a meaning, and its default is one that it takes itself`, () => {
    assert.match(meaning, /^[A-Z`].*\.$/)
    if ('fallback' in rest) assert.notEqual(parse(rest.fallback), undefined)
  })

  if (name !== 'LAYERGATE_UPSTREAM') {
    test(`${name} that is empty is as good as not set`, () => {
      assert.deepEqual(loadConfig({ ...sandbox, [name]: '' }), loadConfig(sandbox))
    })
  }
}

const invalid = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
  LAYERGATE_PORT: 'http',
  LAYERGATE_ADMIN_PORT: '65536',
  LAYERGATE_UPSTREAM: 'azure',
  LAYERGATE_UPSTREAM_ENDPOINT: 'localhost:8081',
  LAYERGATE_REGISTRY_ENDPOINT: 'public.ecr.aws',
  LAYERGATE_INSECURE_NO_AUTH: 'yes',
  LAYERGATE_QUOTA_SHARE: '1.1',
  LAYERGATE_RATE_INITIATE_LAYER_UPLOAD: '0',
  LAYERGATE_RATE_UPLOAD_LAYER_PART: '-1',
  LAYERGATE_RATE_COMPLETE_LAYER_UPLOAD: '10/s',
  LAYERGATE_RATE_BATCH_CHECK_LAYER_AVAILABILITY: 'Infinity',
  LAYERGATE_RATE_PUT_IMAGE: '1e3',
  LAYERGATE_RATE_GET_AUTHORIZATION_TOKEN: '0x10',
  LAYERGATE_RATE_DESCRIBE_REGISTRIES: '.5',
  LAYERGATE_RATE_REGISTRY_READS: '1000001',
  LAYERGATE_MAX_LAYER: '10GB',
  LAYERGATE_SPOOL_MAX: '0B',
  LAYERGATE_MEMORY_MAX: '128',
  LAYERGATE_MAX_UPLOADS: '0',
  LAYERGATE_QUEUE_WAIT: '20',
  LAYERGATE_AHEAD: '0s',
  LAYERGATE_UPLOAD_IDLE: '-1s',
  LAYERGATE_UPLOAD_TTL: '1d',
  LAYERGATE_MANIFEST_WAIT: '577h',
  LAYERGATE_FORWARD_TTL: 'never',
  LAYERGATE_DRAIN: 'soon',
  LAYERGATE_LOG_LEVEL: 'loud',
}

for (const [name, text] of Object.entries(invalid)) {
  test(`${name}=${text} is the one problem, and both are named`, () => {
    const problems = problemsOf({ ...sandbox, [name]: text })
    assert.equal(problems.length, 1)
    for (const problem of problems) {
      assert.ok(problem.startsWith(`${name} must be `), problem)
      assert.ok(problem.endsWith(`, but is ${JSON.stringify(text)}.`), problem)
    }
  })
}

test('all problems are named at once', () => {
  const env = { ...invalid, LAYERGATE_PROT: '8080' }
  const problems = problemsOf(env)
  assert.equal(problems.length, Object.keys(env).length)
  for (const name of Object.keys(env)) {
    assert.ok(
      problems.some((problem) => problem.startsWith(`${name} `)),
      name,
    )
  }
  assert.throws(() => loadConfig(env), {
    name: 'ConfigError',
    message: `The configuration has 29 problem(s):\n  ${problems.join('\n  ')}`,
  })
})

for (const env of [{}, { LAYERGATE_UPSTREAM: '' }]) {
  test(`where no upstream is named (${JSON.stringify(env)}), none is chosen`, () => {
    assert.deepEqual(problemsOf(env), ['LAYERGATE_UPSTREAM must be set to aws or sandbox.'])
  })
}

for (const name of ['LAYERGATE_PROT', 'LAYERGATE_', 'LAYERGATE_POLICIES', 'LAYERGATE_port']) {
  test(`${name} is not a setting`, () => {
    assert.deepEqual(problemsOf({ ...sandbox, [name]: '1' }), [
      `${name} is not a setting of this version.`,
    ])
  })
}

test("other programs' variables are nobody's business", () => {
  assert.deepEqual(problemsOf({ ...sandbox, PATH: '/bin', PORT: '1', layergate_port: 'x' }), [])
})

test('nothing but the environment that is given is read, and it is not changed', () => {
  const env = Object.freeze({ ...sandbox })
  loadConfig(env)
  assert.deepEqual(env, { LAYERGATE_UPSTREAM: 'sandbox' })
})
