import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpanStatusCode } from '@opentelemetry/api'
import type { LayergateEvent } from '../../../src/registry/events.ts'
import { digest } from '../setup.ts'
import { setUpObserver } from './setup-observer.ts'

const about = { repository: 'team/app', agent: 'ci' }
const forward = { ...about, digest, sizeBytes: 100 }

function started(exchangeId: string, requestId = 'request-1', operation = 'uploadLayer') {
  return { type: 'request_started', requestId, exchangeId, operation, method: 'POST' } as const
}

function ended(exchangeId: string, requestId = 'request-1', status = 201) {
  const operation = 'uploadLayer'
  return { type: 'request_ended', requestId, exchangeId, operation, status, seconds: 1 } as const
}

function takesOff(flightId: string, requestId?: string): LayergateEvent {
  const request = requestId === undefined ? {} : { requestId }
  return { type: 'forward_started', ...forward, flightId, ...request }
}

function lands(flightId: string, more: object = {}): LayergateEvent {
  const result = { outcome: 'forwarded', seconds: 1, parts: 1, attempts: 1 } as const
  return { type: 'forward_ended', ...forward, flightId, ...result, ...more }
}

function called(more: object): LayergateEvent {
  return {
    type: 'upstream_called',
    ...about,
    destination: 'default',
    operation: 'PutImage',
    outcome: 'success',
    seconds: 1,
    waitedSeconds: 2,
    sentLayerBytes: 0,
    ...more,
  }
}

test('requests at the same time with the same id are spans of their own, each with its own end', () => {
  const { tell, spans } = setUpObserver()
  tell(started('one'), started('other'))
  tell(ended('one', 'request-1', 201), ended('other', 'request-1', 400))
  const [one, other, ...more] = spans()
  assert.deepEqual(more, [])
  assert.deepEqual(
    [one, other].map((span) => span?.attributes['http.response.status_code']),
    [201, 400],
  )
  assert.notEqual(one?.spanContext().traceId, other?.spanContext().traceId)
})

test('what follows on a request whose id another had is within the one that lasts', () => {
  const { tell, spans } = setUpObserver()
  tell(started('one'), ended('one'), started('other'), takesOff('flight-1', 'request-1'))
  tell(lands('flight-1'), ended('other'))
  const [, flight, other] = spans()
  assert.equal(flight?.parentSpanContext?.spanId, other?.spanContext().spanId)
})

for (const [status, code] of [
  [201, SpanStatusCode.UNSET],
  [400, SpanStatusCode.UNSET],
  [499, SpanStatusCode.UNSET],
  [503, SpanStatusCode.ERROR],
] as const) {
  test(`the status ${status} is ${code === SpanStatusCode.ERROR ? 'an error' : 'no error'} of the service`, () => {
    const { tell, spans } = setUpObserver()
    tell(started('one'), ended('one', 'request-1', status))
    const [span] = spans()
    assert.equal(span?.status.code, code)
    const error = code === SpanStatusCode.ERROR ? String(status) : undefined
    assert.equal(span?.attributes['error.type'], error)
  })
}

test('the end of a request that is not traced is nothing', () => {
  const { tell, names } = setUpObserver()
  tell(started('one', 'request-1', 'getHealth'), ended('one'), ended('unheard-of'))
  assert.deepEqual(names(), [])
})

test('a forward whose request is not known any more is a trace of its own, with its calls', () => {
  const { tell, spans, names } = setUpObserver()
  tell(takesOff('flight-1', 'before the restart'), called({ flightId: 'flight-1' }))
  tell(takesOff('flight-2'), lands('flight-1'), lands('flight-2'))
  assert.deepEqual(names(), ['ECR PUBLIC.PutImage', 'forward', 'forward'])
  const [call, one, other] = spans()
  assert.equal(one?.parentSpanContext, undefined)
  assert.equal(call?.parentSpanContext?.spanId, one?.spanContext().spanId)
  assert.notEqual(one?.spanContext().traceId, other?.spanContext().traceId)
})

test('each flight of a layer is a span; one that failed says how, and not in whose words', () => {
  const { tell, spans } = setUpObserver()
  tell(started('one'), takesOff('flight-1', 'request-1'))
  const failed = { outcome: 'postponed', error: 'upstream_unavailable', detail: 'Some words.' }
  tell(lands('flight-1', failed), ended('one'))
  tell(takesOff('flight-2', 'request-1'), lands('flight-2'))
  const [first, request, second] = spans()
  assert.deepEqual(first?.status, { code: SpanStatusCode.ERROR })
  assert.equal(first?.attributes['error.type'], 'upstream_unavailable')
  assert.equal(first?.attributes['layergate.outcome'], 'postponed')
  assert.equal(second?.status.code, SpanStatusCode.UNSET)
  for (const flight of [first, second]) {
    assert.equal(flight?.parentSpanContext?.spanId, request?.spanContext().spanId)
  }
})

test('a call for no push is nothing', () => {
  const { tell, names } = setUpObserver()
  tell(called({}), called({ requestId: 'of a read' }), called({ flightId: 'unheard-of' }))
  assert.deepEqual(names(), [])
})

test('a call begins when it is sent: the wait for its turn is not part of it', () => {
  const { tell, spans } = setUpObserver()
  tell(started('one'), called({ requestId: 'request-1' }), ended('one'))
  const [call] = spans()
  assert.deepEqual(call?.duration, [1, 0])
  assert.equal(call?.attributes['layergate.limiter_wait_seconds'], 2)
})

test('who joined a layer before it flies has a link in its flight, once', () => {
  const { tell, spans } = setUpObserver()
  const joined = { type: 'forward_joined', ...forward, requestId: 'request-1' } as const
  tell(started('one'), joined, ended('one'))
  tell(takesOff('flight-1'), lands('flight-1'), takesOff('flight-2'), lands('flight-2'))
  const [request, first, second] = spans()
  assert.deepEqual(
    first?.links.map(({ context }) => context.spanId),
    [request?.spanContext().spanId],
  )
  assert.deepEqual(second?.links, [])
})

test('the receipt ends where the verification begins, though time goes on while they are told', (t) => {
  let ms = Date.now()
  t.mock.method(Date, 'now', () => (ms += 1))
  const { tell, spans } = setUpObserver()
  const upload = { ...about, entry: 'oci', requestId: 'request-1', sizeBytes: 100 } as const
  const lasted = { seconds: 9, receiveSeconds: 3, verifySeconds: 2 }
  tell(started('one'))
  tell({ type: 'upload_ended', ...upload, ...lasted, outcome: 'verified' }, ended('one'))
  const [receive, verify] = spans()
  assert.deepEqual([receive?.name, receive?.duration], ['receive', [3, 0]])
  assert.deepEqual([verify?.name, verify?.duration], ['verify', [2, 0]])
  assert.deepEqual(receive?.endTime, verify?.startTime)
})

test('an upload that breaks off is an error of its receipt', () => {
  const { tell, spans, names } = setUpObserver()
  const upload = { ...about, entry: 'raw', requestId: 'request-1', sizeBytes: 10 } as const
  const lasted = { seconds: 3, receiveSeconds: 3, error: 'client_aborted' } as const
  tell(started('one'))
  tell({ type: 'upload_ended', ...upload, ...lasted, outcome: 'aborted' }, ended('one'))
  assert.deepEqual(names(), ['receive', 'uploadLayer'])
  assert.equal(spans()[0]?.attributes['error.type'], 'client_aborted')
})

test('a forward is not within a request that more than ten thousand others have followed on', () => {
  const { tell, spans } = setUpObserver()
  tell(started('first'), ended('first'))
  for (let count = 0; count < 10_000; count += 1) {
    tell(started(`${count}`, `request ${count}`), ended(`${count}`, `request ${count}`))
  }
  tell(takesOff('flight-1', 'request-1'), lands('flight-1'))
  assert.equal(spans().at(-1)?.parentSpanContext, undefined)
})
