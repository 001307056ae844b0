import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpanKind } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { LayergateEvent } from '../../../src/registry/events.ts'
import { quoted, readPage, tableUnder } from '../../docs/pages.ts'
import { digest } from '../setup.ts'
import { setUpObserver } from './setup-observer.ts'

const about = { repository: 'team/app', agent: 'ci' } as const
const of = { ...about, requestId: 'request-1' } as const
const exchange = { requestId: 'request-1', exchangeId: 'exchange-1', operation: 'uploadLayer' }
const forward = { ...of, digest, sizeBytes: 100, flightId: 'flight-1' } as const
const failed = { error: 'digest_mismatch' } as const
const upload = { type: 'upload_ended', ...of, entry: 'raw', sizeBytes: 100, seconds: 3 } as const

/** One of each span, and all that it can have. */
const events: readonly LayergateEvent[] = [
  { type: 'request_started', ...exchange, method: 'POST' },
  {
    type: 'request_authorised',
    ...of,
    action: 'push',
    rule: 'ci',
    remoteAddress: '10.0.0.7',
  },
  { ...upload, ...failed, outcome: 'aborted', receiveSeconds: 2 },
  {
    ...upload,
    ...failed,
    outcome: 'refused',
    receiveSeconds: 2,
    verifySeconds: 1,
    expected: digest,
    cause: 'truncated',
  },
  { type: 'forward_started', ...forward },
  {
    type: 'upstream_called',
    ...of,
    flightId: 'flight-1',
    destination: 'default',
    operation: 'UploadLayerPart',
    outcome: 'ServerException',
    seconds: 1,
    waitedSeconds: 1,
    sentLayerBytes: 100,
    upstreamRequestId: 'aws-1',
  },
  {
    type: 'forward_ended',
    ...forward,
    ...failed,
    outcome: 'parked',
    seconds: 1,
    parts: 1,
    attempts: 1,
  },
  {
    type: 'manifest_ended',
    ...of,
    ...failed,
    digest,
    tags: ['v1'],
    outcome: 'refused',
    waitSeconds: 1,
    seconds: 2,
  },
  { type: 'request_ended', ...exchange, status: 500, seconds: 4 },
]

function documentedName({ kind, name }: ReadableSpan): string {
  if (kind === SpanKind.SERVER) return 'requests'
  return kind === SpanKind.CLIENT ? 'attempts' : name
}

test('docs/traces.md names every attribute of every span, and no other', async () => {
  const { tell, spans } = setUpObserver()
  tell(...events)
  const pairs = spans().flatMap((span) =>
    Object.keys(span.attributes).map((attribute) => `${attribute} of ${documentedName(span)}`),
  )
  const rows = tableUnder(await readPage('docs/traces.md'), 'Attributes')
  const documented = rows.flatMap(([attributes = '', names = '']) =>
    quoted(attributes).flatMap((attribute) =>
      quoted(names).map((name) => `${attribute} of ${name}`),
    ),
  )
  assert.deepEqual(documented.toSorted(), [...new Set(pairs)].toSorted())
})
