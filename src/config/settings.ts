import { rates } from './rates.ts'
import {
  type Parse,
  parseCount,
  parseDurationMs,
  parseHttpUrl,
  parseNetworks,
  parseOneOf,
  parsePort,
  parseShare,
  parseSizeBytes,
  parseSwitch,
  parseText,
  sizeWithin,
} from './units.ts'

/** One environment variable. */
export interface Setting<T> {
  readonly name: string
  readonly parse: Parse<T>
  readonly meaning: string
}

export interface SettingWithDefault<T> extends Setting<T> {
  /** As one would write it. */
  readonly fallback: string
}

function setting<T>(
  name: string,
  parse: Parse<T>,
  fallback: string,
  meaning: string,
): SettingWithDefault<T> {
  return { name, parse, fallback, meaning }
}

function optional<T>(name: string, parse: Parse<T>, meaning: string): Setting<T> {
  return { name, parse, meaning }
}

/** The standard ones (OpenTelemetry Environment Variable Specification, "General SDK Configuration"). */
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type TracesSampler = (typeof samplers)[number]

/** Every environment variable that the service reads. `docs/configuration.md` is held to this table. */
export const settings = {
  host: setting('LAYERGATE_HOST', parseText, '127.0.0.1', 'Address to listen on.'),
  port: setting('LAYERGATE_PORT', parsePort, '8080', 'Port to listen on; 0 takes a free one.'),
  adminPort: optional(
    'LAYERGATE_ADMIN_PORT',
    parsePort,
    'Own port for `/`, `/metrics`, `/healthz` and `/readyz`. Default: the same port as everything else.',
  ),
  statusPage: setting(
    'LAYERGATE_STATUS_PAGE',
    parseSwitch,
    'true',
    'Serves a page at `/` that shows people what is going on.',
  ),
  publicUrl: optional(
    'LAYERGATE_PUBLIC_URL',
    parseHttpUrl,
    'Our own address as agents know it, for the challenge that sends clients to `/token`. Default: what the request says, forwarded headers of trusted proxies included.',
  ),
  trustedProxies: optional(
    'LAYERGATE_TRUSTED_PROXIES',
    parseNetworks,
    "Addresses and networks, separated by commas, of the proxies whose `X-Forwarded-For`, `-Proto` and `-Host` count. Default: nobody's do.",
  ),
  tlsCert: optional(
    'LAYERGATE_TLS_CERT',
    parseText,
    'File with the certificate, and those that lead to its root, in PEM: then the service speaks TLS alone. Read again when it changes.',
  ),
  tlsKey: optional(
    'LAYERGATE_TLS_KEY',
    parseText,
    'File with the key of that certificate, in PEM.',
  ),
  upstream: optional(
    'LAYERGATE_UPSTREAM',
    parseOneOf('aws', 'sandbox'),
    'Where layers go. `aws`: the default credential chain. `sandbox`: fixed dummy credentials, never the chain. Must be set: real AWS is never chosen, nor avoided, silently.',
  ),
  upstreamEndpoint: optional(
    'LAYERGATE_UPSTREAM_ENDPOINT',
    parseHttpUrl,
    "URL of the ECR Public JSON API. Default: AWS's, or `http://127.0.0.1:8081` for the sandbox.",
  ),
  registryEndpoint: optional(
    'LAYERGATE_REGISTRY_ENDPOINT',
    parseHttpUrl,
    'URL of the registry used for reads. Default: `https://public.ecr.aws`, or that of the sandbox.',
  ),
  registryId: optional(
    'LAYERGATE_REGISTRY_ID',
    parseText,
    "Id or alias of the registry. Default: the caller's own registry.",
  ),
  quotaShare: setting(
    'LAYERGATE_QUOTA_SHARE',
    parseShare,
    '1',
    "The part of the account's quotas that is ours; 0.5 leaves half of each to its other users.",
  ),
  ...rates,
  dataDir: setting(
    'LAYERGATE_DATA_DIR',
    parseText,
    './.layergate',
    'Spool and journal: one local file system, held by one process.',
  ),
  policy: optional(
    'LAYERGATE_POLICY',
    parseText,
    'Policy file: who may push what, and where that goes. Read again when its contents change, and on SIGHUP. Default: everybody may do everything, which only `sandbox` allows.',
  ),
  loginTtl: setting(
    'LAYERGATE_LOGIN_TTL',
    parseDurationMs,
    '6h',
    'How long a login lasts: the life of the refresh token that `/token` gives. Its access tokens live 5 minutes.',
  ),
  auditFile: optional(
    'LAYERGATE_AUDIT_FILE',
    parseText,
    'File that one JSON line is appended to for each decision that matters. Default: standard output, among the log.',
  ),
  insecureNoAuth: setting(
    'LAYERGATE_INSECURE_NO_AUTH',
    parseSwitch,
    'false',
    'Lets anybody who reaches the port push to `aws` where there is no policy. Without either only the sandbox may be served.',
  ),
  maxLayer: setting(
    'LAYERGATE_MAX_LAYER',
    sizeWithin('1B', '10000MiB'),
    '10000MiB',
    'Largest layer that is taken; ECR Public takes no larger ones than the default.',
  ),
  spoolMax: optional(
    'LAYERGATE_SPOOL_MAX',
    parseSizeBytes,
    'Disk budget of the spool. Default: 80 % of the free space and what is already ours, leaving 15 % of the disk and 1 GiB.',
  ),
  memoryMax: setting(
    'LAYERGATE_MEMORY_MAX',
    sizeWithin('32MiB', '1TiB'),
    '128MiB',
    'Buffers for layer bytes: one half for receiving, one for part bodies. 32MiB at least.',
  ),
  maxUploads: setting(
    'LAYERGATE_MAX_UPLOADS',
    parseCount,
    '256',
    'Bodies that are received at once; more wait unread.',
  ),
  queueWait: setting(
    'LAYERGATE_QUEUE_WAIT',
    parseDurationMs,
    '20s',
    'How long a request waits for a place, or for room in the spool, before 503.',
  ),
  ahead: setting(
    'LAYERGATE_AHEAD',
    parseDurationMs,
    '20s',
    'How far the spool may run ahead of a healthy upstream, in time to drain.',
  ),
  uploadIdle: setting(
    'LAYERGATE_UPLOAD_IDLE',
    parseDurationMs,
    '60s',
    'How long a client may send nothing before 408.',
  ),
  uploadTtl: setting(
    'LAYERGATE_UPLOAD_TTL',
    parseDurationMs,
    '24h',
    'How long an upload session may stay unfinished before it is dropped.',
  ),
  manifestWait: setting(
    'LAYERGATE_MANIFEST_WAIT',
    parseDurationMs,
    '10m',
    'How long a manifest PUT waits for its layers.',
  ),
  forwardTtl: setting(
    'LAYERGATE_FORWARD_TTL',
    parseDurationMs,
    '24h',
    'How long an owed forward is tried before it is parked for good; two more tries, ten minutes apart, come after it.',
  ),
  inspect: setting(
    'LAYERGATE_INSPECT',
    parseOneOf('enforce', 'report', 'off'),
    'enforce',
    'What is done about layers whose contents are broken: `enforce` refuses them, `report` counts and logs them and lets them pass, `off` does not look.',
  ),
  inspectMaxRatio: setting(
    'LAYERGATE_INSPECT_MAX_RATIO',
    parseCount,
    '1000',
    'Inflated bytes for each compressed one, above 64 MiB, beyond which a layer is not inspected further.',
  ),
  inspectMaxBytes: setting(
    'LAYERGATE_INSPECT_MAX_BYTES',
    parseSizeBytes,
    '100GiB',
    'Inflated bytes beyond which a layer is not inspected further.',
  ),
  inspectMaxEntries: setting(
    'LAYERGATE_INSPECT_MAX_ENTRIES',
    parseCount,
    '1000000',
    'Entries of a tar archive beyond which a layer is not inspected further.',
  ),
  inspectOverLimit: setting(
    'LAYERGATE_INSPECT_OVER_LIMIT',
    parseOneOf('pass', 'refuse'),
    'pass',
    'What becomes of a layer beyond these limits, or whose inspection takes too long: `pass` takes it unexamined, `refuse` takes it for broken.',
  ),
  drain: setting(
    'LAYERGATE_DRAIN',
    parseDurationMs,
    '25s',
    'How long a shutdown waits for what is under way; it ends as soon as nothing is.',
  ),
  logLevel: setting(
    'LAYERGATE_LOG_LEVEL',
    parseOneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'Least severe level that is logged.',
  ),
  otlpEndpoint: optional(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    parseHttpUrl,
    'URL of an OpenTelemetry collector: traces are sent there, as JSON over HTTP, to `v1/traces` below it. Default: nothing is traced.',
  ),
  tracesSampler: setting(
    'OTEL_TRACES_SAMPLER',
    parseOneOf(...samplers),
    'parentbased_always_on',
    'Which pushes are traced: all, none, or a share of them; with `parentbased` that is for those whose agent has not decided it by its `traceparent`.',
  ),
  tracesSamplerArg: setting(
    'OTEL_TRACES_SAMPLER_ARG',
    parseShare,
    '1',
    'The share that `traceidratio` traces.',
  ),
}
