import assert from 'node:assert/strict'
import test from 'node:test'
import { renderLayerState } from '../../src/http/layer-view.ts'
import type { ForwardState } from '../../src/publish/forward-journal.ts'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { digestOf, layerBytes } from '../support/layers.ts'
import { createMemoryJournal } from '../support/memory-journal.ts'
import { loadContract } from '../support/openapi.ts'

const contract = await loadContract()
const digest = digestOf(layerBytes(10))
const key = { registry: 'aws/default', repository: parseRepositoryName('team/app'), digest }
const now = () => new Date('2026-01-01T00:00:00.000Z')

function problemsOf(layer: object): readonly string[] {
  const headers = new Headers({ 'content-type': 'application/json', 'x-request-id': 'a' })
  return contract.problems('getLayer', { status: 200, headers, text: JSON.stringify(layer) })
}

test('a layer that is held is shown with its cause, and with no time of a next try', async () => {
  const journal = createMemoryJournal({ now })
  const error = {
    code: 'malformed_gzip',
    detail: 'The checksum of gzip member 1 is wrong.',
  } as const
  const { forward } = await journal.record(key, 'ci', 10, error)
  const layer = renderLayerState(forward)
  assert.deepEqual(layer, {
    repository: 'team/app',
    digest,
    sizeBytes: 10,
    state: 'held',
    alreadyPresent: false,
    parts: 0,
    attempts: 0,
    error,
    recordedAt: '2026-01-01T00:00:00.000Z',
    changedAt: '2026-01-01T00:00:00.000Z',
  })
  assert.deepEqual(problemsOf(layer), [])
})

const names: Readonly<Record<ForwardState, string>> = {
  held: 'held',
  owed: 'verified',
  forwarding: 'forwarding',
  forwarded: 'forwarded',
  parked: 'parked',
  parked_for_good: 'parked',
}

function isForwardState(text: string): text is ForwardState {
  return Object.hasOwn(names, text)
}

test('agents see every state of the journal by a name that openapi.yaml has', async () => {
  const { forward } = await createMemoryJournal({ now }).record(key, 'ci', 10)
  for (const state of Object.keys(names).filter(isForwardState)) {
    const layer = renderLayerState({ ...forward, state })
    assert.equal('state' in layer && layer.state, names[state])
    assert.deepEqual(problemsOf(layer), [])
  }
})
