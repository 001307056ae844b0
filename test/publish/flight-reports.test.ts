import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, type Faults, refuse, scripted } from '../support/fake-upstream.ts'
import { until } from '../support/until.ts'
import { settings, setUpForwarder } from './setup-forwarder.ts'

const invalid = refuse('invalid_layer')

function always(operation: string, fault: Fault): Faults {
  return (called) => (called === operation ? fault : undefined)
}

test('a forward that stays parked is told as parked once only', async (t) => {
  const { forwarder, record, ended, clock } = await setUpForwarder(t, {
    faults: always('start', refuse('denied')),
  })
  await record()
  forwarder.start()
  await until('it is parked', () => ended().length === 1)
  clock.advance(settings.parkMs)
  await until('it was tried again', () => ended().length === 2)
  assert.deepEqual(
    ended().map(({ outcome }) => outcome),
    ['parked', 'still_parked'],
  )
})

test('an InvalidLayerException that stays unresolved is told once, however often it is tried', async (t) => {
  const { forwarder, record, ended, observer, clock } = await setUpForwarder(t, {
    faults: always('complete', invalid),
  })
  await record()
  forwarder.start()
  await until('it is parked', () => ended().length === 1)
  clock.advance(settings.parkMs)
  await until('it was tried again', () => ended().length === 2)
  assert.deepEqual(
    observer.of('layer_invalid_upstream').map(({ cause }) => cause),
    ['unresolved'],
  )
})

test('nothing is said of the cause while a flight ends before it is known', async (t) => {
  const { forwarder, record, ended, observer } = await setUpForwarder(t, {
    faults: scripted({ complete: [invalid], start: [undefined, refuse('unavailable')] }),
  })
  await record()
  forwarder.start()
  await until('the flight ended', () => ended().length === 1)
  assert.equal(ended()[0]?.outcome, 'postponed')
  assert.deepEqual(observer.of('layer_invalid_upstream'), [])
})

test('a bug keeps what was thrown, for the log', async (t) => {
  const bug = new TypeError('a bug')
  const { forwarder, record, journal, key, ended } = await setUpForwarder(t, {
    ports: { restore: () => Promise.reject(bug) },
  })
  await record()
  forwarder.start()
  await until('the flight ended', () => ended().length === 1)
  assert.equal(ended()[0]?.thrown, bug)
  assert.equal((await journal.find(key))?.error?.code, 'internal')
})
