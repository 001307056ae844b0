import { diagnosis } from '../../src/registry/diagnosis.ts'
import type { LayergateEvent, RequestAuthorised } from '../../src/registry/events.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { createAudit } from '../../src/telemetry/audit/audit.ts'
import { digest } from './setup.ts'

export const other = `sha256:${'1'.repeat(64)}`
const sizeBytes = 1000
const requestId = 'request-1'
const remoteAddress = '10.0.0.7'
const detail = 'One sentence.'
const about = { repository: parseRepositoryName('team/app'), agent: 'github/main' }

/** Lets a push in, from which everything below comes. */
export const authorised: RequestAuthorised = {
  type: 'request_authorised',
  ...about,
  requestId,
  action: 'push',
  rule: 'github/main',
  subject: 'repo:acme/app:ref:refs/heads/main',
  remoteAddress,
}

const invalid = {
  type: 'layer_invalid',
  ...about,
  place: 'oci',
  requestId,
  code: 'digest_mismatch',
  detail,
  expected: { digest },
  actual: { digest: other, sizeBytes },
  diagnosis: diagnosis('truncated', {}),
  refusedAt: new Date(0),
} as const

const manifestEnded = {
  type: 'manifest_ended',
  ...about,
  digest,
  tags: ['v1'],
  waitSeconds: 1,
  seconds: 2,
  requestId,
} as const

const forward = { ...about, digest, sizeBytes } as const

const ofRequest = { requestId }
const flight = { ...forward, ...ofRequest, flightId: 'flight-1' } as const

/** For each line of the audit the event that brings it about, with all that it may have. */
export const samples = {
  token_traded: {
    type: 'token_traded',
    requestId,
    agent: about.agent,
    subject: authorised.subject ?? '',
    tokenId: 'jti-ours',
    tradedTokenId: 'jti-theirs',
    gave: 'refresh',
    granted: ['repository:team/app:pull,push'],
    run: { run_id: '17' },
    remoteAddress,
  },
  denied: {
    type: 'request_denied',
    requestId,
    agent: about.agent,
    code: 'repository_denied',
    detail,
    remoteAddress,
  },
  push_accepted: {
    type: 'upload_ended',
    ...about,
    entry: 'oci',
    outcome: 'verified',
    requestId,
    sizeBytes: 10,
    layerSizeBytes: sizeBytes,
    seconds: 1,
    expected: digest,
    actual: digest,
  },
  push_refused: { ...invalid, stage: 'refused' },
  inspection_reported: { ...invalid, stage: 'reported' },
  mounted: { type: 'blob_mounted', ...forward, ...ofRequest },
  manifest_put: { ...manifestEnded, outcome: 'published' },
  manifest_refused: {
    ...manifestEnded,
    outcome: 'refused',
    error: 'manifest_blob_unknown',
    detail,
  },
  manifest_failed: {
    ...manifestEnded,
    outcome: 'failed',
    error: 'upstream_unavailable',
    detail,
  },
  repository_created: {
    type: 'repository_created',
    ...about,
    destination: 'acme',
    ...ofRequest,
  },
  aws_changed: {
    type: 'upstream_called',
    ...about,
    ...ofRequest,
    destination: 'acme',
    digest,
    operation: 'PutImage',
    outcome: 'success',
    seconds: 1,
    waitedSeconds: 0,
    sentLayerBytes: 0,
    upstreamRequestId: 'aws-1',
  },
  policy_loaded: {
    type: 'policy_loaded',
    outcome: 'failed',
    digest,
    destinations: [],
    problems: ['Line 3: no.'],
  },
  forward_parked: {
    type: 'forward_ended',
    ...flight,
    outcome: 'parked',
    seconds: 1,
    parts: 0,
    attempts: 1,
    error: 'upstream_credentials',
    detail,
  },
  forward_given_up: {
    type: 'forward_given_up',
    ...flight,
    error: 'upstream_credentials',
    detail,
  },
  forward_ordered: { type: 'forward_ordered', ...forward, registry: 'aws/1', order: 'retry' },
} as const satisfies Record<string, LayergateEvent>

export type Line = Readonly<Record<string, unknown>>

/** An audit at noon, and what it has written. */
export function setUpAudit() {
  const written: string[] = []
  const audit = createAudit({
    write: (line) => void written.push(line),
    now: () => new Date('2026-01-02T12:00:00Z'),
  })
  return {
    written,
    tell: (...events: readonly LayergateEvent[]) => events.forEach(audit.observe),
    lines: (): readonly Line[] => written.map((line) => JSON.parse(line)),
  }
}
