import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LayergateEvent } from '../../src/registry/events.ts'
import { createLogObserver } from '../../src/telemetry/log-observer.ts'
import { createLogger } from '../../src/telemetry/logger.ts'
import { observers } from '../../src/telemetry/observers.ts'
import { recordingObserver } from '../support/recording-observer.ts'
import { digest } from './setup.ts'

const about = { repository: 'team/app', agent: 'ci' }
const upload = {
  ...about,
  type: 'upload_ended',
  entry: 'raw',
  requestId: 'request-1',
  sizeBytes: 100,
  seconds: 2,
} as const
const forward = {
  ...about,
  type: 'forward_ended',
  flightId: 'flight-1',
  digest,
  sizeBytes: 100,
  seconds: 3,
  parts: 1,
  attempts: 1,
} as const
const manifest = {
  ...about,
  type: 'manifest_ended',
  digest,
  tags: ['latest'],
  waitSeconds: 3,
  seconds: 4,
  requestId: 'request-1',
} as const
const failed = { error: 'upstream_unavailable', detail: 'AWS is away.' } as const

/** What is logged of an event. */
function lineOf(event: LayergateEvent, level = 'trace'): Record<string, unknown> | undefined {
  const lines: string[] = []
  const logger = createLogger(level, { write: (line) => void lines.push(line) })
  createLogObserver(logger).observe(event)
  assert.ok(lines.length <= 1)
  const [line] = lines
  return line === undefined ? undefined : JSON.parse(line)
}

const lines: readonly (readonly [LayergateEvent, level: string, message: string])[] = [
  [{ ...upload, outcome: 'verified' }, 'info', 'upload verified'],
  [{ ...upload, outcome: 'refused', error: 'digest_mismatch' }, 'warn', 'upload refused'],
  [{ ...upload, outcome: 'aborted', error: 'client_aborted' }, 'warn', 'upload aborted'],
  [{ ...upload, outcome: 'failed', error: 'spool_full' }, 'warn', 'upload failed'],
  [{ ...forward, outcome: 'forwarded' }, 'info', 'forward forwarded'],
  [{ ...forward, outcome: 'already_present' }, 'info', 'forward already_present'],
  [{ ...forward, outcome: 'released' }, 'info', 'forward released'],
  [{ ...forward, ...failed, outcome: 'postponed' }, 'warn', 'forward postponed'],
  [{ ...forward, ...failed, outcome: 'parked' }, 'warn', 'forward parked'],
  [{ ...upload, outcome: 'unsettled' }, 'debug', 'upload unsettled'],
  [{ ...upload, outcome: 'unsettled', error: 'client_aborted' }, 'info', 'upload unsettled'],
  [
    { ...about, type: 'blob_mounted', digest, sizeBytes: 100, requestId: 'request-1' },
    'info',
    'blob mounted',
  ],
  [{ ...manifest, outcome: 'published' }, 'info', 'manifest published'],
  [{ ...manifest, outcome: 'superseded' }, 'info', 'manifest superseded'],
  [
    { ...manifest, outcome: 'refused', error: 'manifest_blob_unknown', detail: 'It is not here.' },
    'warn',
    'manifest refused',
  ],
  [{ ...manifest, ...failed, outcome: 'failed' }, 'warn', 'manifest failed'],
  [{ ...manifest, outcome: 'aborted', error: 'client_aborted' }, 'warn', 'manifest aborted'],
  [
    {
      ...about,
      type: 'layer_invalid_upstream',
      flightId: 'flight-1',
      digest,
      cause: 'unresolved',
    },
    'error',
    'AWS called a verified layer invalid',
  ],
  [
    {
      type: 'upstream_retried',
      destination: 'default',
      operation: 'UploadLayerPart',
      reason: 'throttled',
      exception: 'ThrottlingException',
      upstreamRequestId: 'aws-1',
      attempt: 1,
      waitMs: 200,
    },
    'warn',
    'upstream call is made again',
  ],
  [
    { type: 'forward_joined', repository: 'team/app', agent: 'ci', digest, sizeBytes: 10 },
    'info',
    'forward joined: the layer is on its way already',
  ],
  [
    {
      type: 'forward_given_up',
      flightId: 'flight-1',
      repository: 'team/app',
      agent: 'ci',
      digest,
      sizeBytes: 10,
      error: 'upstream_credentials',
      detail: 'AWS says no.',
    },
    'error',
    'forward parked for good: tried for too long',
  ],
  [
    {
      type: 'forward_ordered',
      order: 'drop',
      registry: 'aws/default',
      repository: 'team/app',
      agent: 'ci',
      digest,
      sizeBytes: 10,
    },
    'warn',
    'forward drop: an operator said so',
  ],
  [
    { type: 'upstream_paused', destination: 'default', exception: 'ECONNREFUSED' },
    'warn',
    'AWS does not answer: it is only probed',
  ],
  [
    { type: 'upstream_resumed', destination: 'default', pausedSeconds: 30 },
    'info',
    'AWS answers again',
  ],
  [
    { type: 'credentials_refreshed', destination: 'default', outcome: 'refreshed' },
    'info',
    'credentials were fetched anew',
  ],
  [
    { type: 'credentials_refreshed', destination: 'default', outcome: 'failed' },
    'warn',
    'credentials could not be fetched anew',
  ],
  [
    {
      type: 'upstream_called',
      repository: 'team/app',
      agent: 'ci',
      destination: 'default',
      operation: 'UploadLayerPart',
      outcome: 'success',
      seconds: 1,
      waitedSeconds: 0,
      sentLayerBytes: 100,
      upstreamRequestId: 'aws-1',
    },
    'debug',
    'upstream_called',
  ],
  [
    {
      type: 'request_ended',
      requestId: 'request-1',
      exchangeId: 'exchange-1',
      operation: 'uploadLayer',
      status: 201,
      seconds: 1,
    },
    'debug',
    'request_ended',
  ],
]

/** What is said of calls to AWS where there were none. */
const noCalls = {
  forward_ended: { upstreamCalls: 0, sentBytes: 0, upstreamRequestIds: {} },
  manifest_ended: { upstreamRequestIds: {} },
}

for (const [event, level, message] of lines) {
  test(`"${message}" is one line at ${level}, with all that is known of it`, () => {
    const { time, ...line } = lineOf(event) ?? {}
    const { type, ...fields } = event
    const calls = type === 'forward_ended' || type === 'manifest_ended' ? noCalls[type] : {}
    assert.deepEqual(line, { ...fields, ...calls, level, msg: message })
    assert.match(String(time), /^\d{4}-\d\d-\d\dT.*Z$/)
  })
}

for (const event of [
  { type: 'repository_seen', repository: 'team/app' },
  { ...about, type: 'forward_started', flightId: 'flight-1', digest, sizeBytes: 100 },
  {
    type: 'request_started',
    requestId: 'request-1',
    exchangeId: 'exchange-1',
    operation: 'uploadLayer',
    method: 'POST',
  },
  {
    ...about,
    type: 'upload_started',
    entry: 'raw',
    requestId: 'request-1',
    progress: () => ({ receivedBytes: 0, phase: 'receiving' as const }),
  },
] as const) {
  test(`${event.type} is no line: its end will be one`, () => {
    assert.equal(lineOf(event), undefined)
  })
}

const called = {
  ...about,
  type: 'upstream_called',
  destination: 'default',
  outcome: 'success',
  seconds: 1,
  waitedSeconds: 0,
  sentLayerBytes: 0,
} as const

/** The last line that is logged of these. */
function lastLineOf(...events: readonly LayergateEvent[]): Record<string, unknown> {
  let last = '{}'
  const logger = createLogger('info', { write: (line) => void (last = line) })
  const { observe } = createLogObserver(logger)
  for (const event of events) observe(event)
  return JSON.parse(last)
}

test('a forward is told with the calls of its flight: how many, what they sent, and the last of each operation', () => {
  const part = { ...called, flightId: 'flight-1', operation: 'UploadLayerPart' } as const
  const line = lastLineOf(
    { ...called, flightId: 'flight-1', operation: 'InitiateLayerUpload', upstreamRequestId: 'a' },
    { ...part, outcome: 'ServerException', upstreamRequestId: 'b' },
    { ...part, sentLayerBytes: 60, upstreamRequestId: 'c' },
    { ...part, sentLayerBytes: 40, upstreamRequestId: 'd' },
    { ...part, flightId: 'flight-2', sentLayerBytes: 7, upstreamRequestId: 'e' },
    { ...part, outcome: 'ECONNRESET' },
    { ...forward, outcome: 'forwarded' },
  )
  assert.deepEqual(
    [line['upstreamCalls'], line['sentBytes'], line['upstreamRequestIds']],
    [5, 100, { InitiateLayerUpload: 'a', UploadLayerPart: 'd' }],
  )
})

test('the next flight of the same forward is told with its own calls alone', () => {
  const call = { ...called, operation: 'InitiateLayerUpload', upstreamRequestId: 'a' } as const
  const line = lastLineOf(
    { ...call, flightId: 'flight-1' },
    { ...forward, ...failed, outcome: 'postponed' },
    { ...forward, outcome: 'already_present' },
  )
  assert.deepEqual([line['upstreamCalls'], line['upstreamRequestIds']], [0, {}])
})

test('a manifest is told with the id of its own PutImage', () => {
  const put = { ...called, operation: 'PutImage', requestId: 'request-1', digest } as const
  const line = lastLineOf(
    { ...put, upstreamRequestId: 'a' },
    { ...put, requestId: 'request-2', upstreamRequestId: 'b' },
    { ...called, requestId: 'request-1', operation: 'BatchCheckLayerAvailability' },
    { ...manifest, outcome: 'published' },
  )
  assert.deepEqual(line['upstreamRequestIds'], { PutImage: 'a' })
})

test('what is less severe than the level is not written', () => {
  assert.equal(lineOf({ ...upload, outcome: 'verified' }, 'warn'), undefined)
  assert.notEqual(lineOf({ ...upload, outcome: 'refused' }, 'warn'), undefined)
})

test('several observers hear of each event, in order', () => {
  const heard: string[] = []
  const [first, second] = [recordingObserver(), recordingObserver()]
  const both = observers(
    { observe: (event) => (heard.push('first'), first.observe(event)) },
    { observe: (event) => (heard.push('second'), second.observe(event)) },
  )
  const event = { type: 'repository_seen', repository: 'team/app' } as const
  both.observe(event)
  assert.deepEqual(heard, ['first', 'second'])
  assert.deepEqual([first.events, second.events], [[event], [event]])
})

test('what was thrown is logged with a forward that failed for no known reason', () => {
  const thrown = new TypeError('a bug')
  const failure = {
    ...forward,
    outcome: 'postponed',
    error: 'internal',
    detail: 'In the log.',
  } as const
  const line = lineOf({ ...failure, thrown })
  assert.match(JSON.stringify(line), /TypeError.*a bug/)
  const known = lineOf({ ...failure, error: 'upstream_unavailable', thrown })
  assert.doesNotMatch(JSON.stringify(known), /a bug/)
})

test('what was thrown is logged with a manifest that failed for no known reason', () => {
  const thrown = new TypeError('a bug')
  const failure = { ...manifest, outcome: 'failed', detail: 'In the log.', thrown } as const
  assert.match(JSON.stringify(lineOf({ ...failure, error: 'internal' })), /TypeError.*a bug/)
  const known = lineOf({ ...failure, error: 'layers_pending' })
  assert.doesNotMatch(JSON.stringify(known), /a bug/)
})
