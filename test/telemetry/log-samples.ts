import type { LayergateEvent } from '../../src/registry/events.ts'
import { authorised, samples } from './audit-samples.ts'
import { digest } from './setup.ts'

const requestId = 'request-1'
const flightId = 'flight-1'
const about = { repository: 'team/app', agent: 'ci' } as const
const layer = { ...about, digest, sizeBytes: 100 } as const
const failed = { error: 'internal', detail: 'One sentence.', thrown: new Error('a bug') } as const

const upload = {
  type: 'upload_ended',
  ...about,
  entry: 'raw',
  requestId,
  sizeBytes: 100,
  seconds: 3,
  receiveSeconds: 2,
  verifySeconds: 1,
  expected: digest,
  actual: digest,
} as const
const refused = { ...upload, error: 'digest_mismatch', cause: 'truncated' } as const

const forward = {
  type: 'forward_ended',
  ...layer,
  flightId,
  requestId,
  seconds: 3,
  parts: 1,
  attempts: 1,
} as const

const invalidUpstream = {
  type: 'layer_invalid_upstream',
  ...about,
  digest,
  flightId,
  requestId,
} as const

const manifest = {
  type: 'manifest_ended',
  ...about,
  digest,
  tags: ['v1'],
  waitSeconds: 1,
  seconds: 2,
  requestId,
} as const

const called = {
  type: 'upstream_called',
  destination: 'default',
  ...about,
  agentRepository: 'acme/team/app',
  flightId,
  requestId,
  digest,
  operation: 'CompleteLayerUpload',
  outcome: 'success',
  seconds: 1,
  waitedSeconds: 1,
  sentLayerBytes: 1,
  upstreamRequestId: 'aws-1',
} as const

/** Events that are logged, each with all that its line can have. */
export const logged: readonly LayergateEvent[] = [
  { ...upload, outcome: 'verified', layerSizeBytes: 100 },
  { ...refused, outcome: 'refused' },
  { ...refused, outcome: 'aborted' },
  { ...refused, outcome: 'failed' },
  { ...upload, outcome: 'unsettled' },
  { ...refused, outcome: 'unsettled' },
  samples.push_refused,
  samples.inspection_reported,
  { type: 'layer_unexamined', ...about, digest, reason: 'ratio' },
  samples.mounted,
  { type: 'forward_joined', ...layer, requestId },
  { ...forward, outcome: 'forwarded' },
  { ...forward, outcome: 'already_present' },
  { ...forward, outcome: 'released' },
  { ...forward, ...failed, outcome: 'parked' },
  { ...forward, ...failed, outcome: 'still_parked' },
  { ...forward, ...failed, outcome: 'postponed' },
  samples.forward_given_up,
  samples.forward_ordered,
  { ...invalidUpstream, cause: 'in_transit' },
  { ...invalidUpstream, cause: 'unresolved' },
  { ...manifest, outcome: 'published' },
  { ...manifest, outcome: 'superseded' },
  { ...manifest, ...failed, outcome: 'refused' },
  { ...manifest, ...failed, outcome: 'failed' },
  { ...manifest, ...failed, outcome: 'aborted' },
  {
    type: 'upstream_retried',
    destination: 'default',
    flightId,
    requestId,
    operation: 'UploadLayerPart',
    reason: 'throttled',
    exception: 'ThrottlingException',
    upstreamRequestId: 'aws-1',
    attempt: 1,
    waitMs: 200,
  },
  { type: 'upstream_paused', destination: 'default', exception: 'ECONNREFUSED' },
  { type: 'upstream_resumed', destination: 'default', pausedSeconds: 30 },
  { type: 'credentials_refreshed', destination: 'default', outcome: 'refreshed' },
  { type: 'credentials_refreshed', destination: 'default', outcome: 'failed' },
  { ...samples.denied, code: 'credentials_missing' },
  samples.denied,
  samples.token_traded,
  samples.policy_loaded,
  { ...samples.policy_loaded, outcome: 'loaded' },
  samples.repository_created,
  called,
  authorised,
  {
    type: 'request_ended',
    requestId,
    exchangeId: 'exchange-1',
    operation: 'uploadLayer',
    status: 201,
    seconds: 1,
  },
]
