import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sandboxCredentials } from '../../src/sandbox/sandbox.ts'
import { createCredentialsRefresh } from '../../src/upstream/credentials.ts'
import { layerBytes } from '../support/layers.ts'
import { callWith, setUp, setUpWithRetry, upstreamError } from './setup.ts'

const call = callWith()
const secretAccessKey = 'secret'
const old = { accessKeyId: 'OLD', secretAccessKey }
const fresh = { accessKeyId: 'FRESH', secretAccessKey }
const expired = { kind: 'expired-credentials', accessKeyId: 'OLD' } as const

/** A source that gives the old credentials first and the fresh ones from then on. */
function rotatingSource() {
  let fetches = 0
  return {
    fetches: () => fetches,
    provide: async () => {
      fetches += 1
      return fetches === 1 ? old : fresh
    },
  }
}

test('expired credentials are fetched anew although they look valid', async (t) => {
  const source = rotatingSource()
  const { upstream, sandbox, layer, outcomes } = await setUpWithRetry(t, {
    credentials: source.provide,
    accepted: [old, fresh],
  })
  sandbox.addFault({ operation: '*', call: 'every', fault: expired })
  await upstream.start(call, layer)
  await upstream.start(call, layer)
  assert.deepEqual(outcomes(), [
    'InitiateLayerUpload ExpiredTokenException',
    'InitiateLayerUpload success',
    'InitiateLayerUpload success',
  ])
  assert.equal(source.fetches(), 2)
  assert.deepEqual(
    sandbox.calls().map(({ accessKeyId }) => accessKeyId),
    ['OLD', 'FRESH', 'FRESH'],
  )
})

test('refreshes at the same time share one fetch', async (t) => {
  const source = rotatingSource()
  const { client } = await setUp(t, { credentials: source.provide })
  const refresh = createCredentialsRefresh(client)
  await Promise.all([refresh(call.signal), refresh(call.signal)])
  assert.equal(source.fetches(), 1)
  await refresh(call.signal)
  assert.equal(source.fetches(), 2)
})

test('a wrong clock is corrected by the answer, and the call repeated', async (t) => {
  const { upstream, sandbox, layer, outcomes } = await setUpWithRetry(t)
  const skew = { kind: 'clock-skew', aheadMs: 3_600_000 } as const
  sandbox.addFault({ operation: '*', call: 'every', fault: skew })
  await upstream.start(call, layer)
  await upstream.start(call, layer)
  assert.deepEqual(outcomes(), [
    'InitiateLayerUpload InvalidSignatureException',
    'InitiateLayerUpload success',
    'InitiateLayerUpload success',
  ])
})

test('wrong credentials are refused after one refresh', async (t) => {
  const { upstream, layer, calls } = await setUpWithRetry(t, {
    credentials: { ...sandboxCredentials, secretAccessKey: 'wrong' },
  })
  await assert.rejects(
    upstream.start(call, layer),
    upstreamError('credentials', 'InvalidSignatureException'),
  )
  assert.equal(calls().length, 2)
})

test('a source without credentials is told as such, and nothing is sent', async (t) => {
  const missing = Object.assign(new Error('Could not load credentials from any providers'), {
    name: 'CredentialsProviderError',
  })
  const { upstream, layer, calls } = await setUpWithRetry(t, {
    credentials: () => Promise.reject(missing),
  })
  await assert.rejects(
    upstream.start(call, layer),
    upstreamError('credentials', 'CredentialsProviderError'),
  )
  assert.deepEqual(calls(), [])
})

test('a source that cannot be reached is an outage, not a matter of credentials', async (t) => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const { upstream, layer } = await setUpWithRetry(t, {
    credentials: () => Promise.reject(refused),
  })
  await assert.rejects(upstream.start(call, layer), upstreamError('unavailable', 'ECONNREFUSED'))
})

test('an abort does not wait for a source that hangs', async (t) => {
  const { upstream, client, admit } = await setUp(t, {
    credentials: () => Promise.withResolvers<never>().promise,
  })
  const layer = await admit(layerBytes(10))
  const controller = new AbortController()
  const reason = new Error('claim lost')
  const started = upstream.start(callWith(controller.signal), layer)
  const refreshed = createCredentialsRefresh(client)(controller.signal)
  controller.abort(reason)
  await assert.rejects(started, (error) => error === reason)
  await assert.rejects(refreshed, (error) => error === reason)
})
