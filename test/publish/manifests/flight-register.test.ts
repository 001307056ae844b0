import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createFlightRegister } from '../../../src/publish/manifests/flight-register.ts'
import { createTagLanes } from '../../../src/publish/manifests/tag-lanes.ts'
import { parseTag } from '../../../src/registry/reference.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { target } from './setup-manifests.ts'

const digest = digestOf(layerBytes(1))

function flight(id: string, identity = 'a', isNewest = true) {
  return { id, identity, isNewest, agents: new Set(['ci']), expectsRepeat: () => false }
}

const put = { identity: 'a', agent: 'ci' }

test('an identical put joins a flight, another does not', () => {
  const register = createFlightRegister()
  const one = flight('1')
  register.add(one)
  assert.equal(register.joinable(put), one)
  assert.equal(register.joinable({ ...put, agent: 'somebody else' }), one)
  assert.equal(register.joinable({ ...put, identity: 'b' }), undefined)
})

test('nobody joins a flight after which somebody else came to its tags', () => {
  const register = createFlightRegister()
  register.add(flight('1', 'a', false))
  assert.equal(register.joinable(put), undefined)
})

test('an identical put joins the latest flight', () => {
  const register = createFlightRegister()
  const later = flight('2')
  for (const each of [flight('1', 'a', false), later]) register.add(each)
  assert.equal(register.joinable(put), later)
})

test('a flight that has ended is not joined, but can be come back for', () => {
  const register = createFlightRegister()
  const one = flight('1')
  register.add(one)
  register.end(one)
  assert.equal(register.joinable(put), undefined)
  assert.equal(register.continued({ ...put, continues: '1' }), one)
})

test('the end of an older flight leaves the later one', () => {
  const register = createFlightRegister()
  const [one, later] = [flight('1', 'a', false), flight('2')]
  for (const each of [one, later]) register.add(each)
  register.end(one)
  register.remove(one)
  assert.equal(register.joinable(put), later)
})

test('a flight that was removed is nowhere', () => {
  const register = createFlightRegister()
  const one = flight('1')
  register.add(one)
  register.remove(one)
  assert.equal(register.joinable(put), undefined)
  assert.equal(register.continued({ ...put, continues: '1' }), undefined)
})

test('a flight is continued although others came to its tags meanwhile', () => {
  const register = createFlightRegister()
  const one = flight('1', 'a', false)
  register.add(one)
  assert.equal(register.continued({ ...put, continues: '1' }), one)
})

for (const [what, other] of [
  ['another put', { identity: 'b' }],
  ['another agent', { agent: 'somebody else' }],
  ['another id', { continues: '2' }],
] as const) {
  test(`${what} does not continue a flight`, () => {
    const register = createFlightRegister()
    register.add(flight('1'))
    assert.equal(register.continued({ ...put, continues: '1', ...other }), undefined)
  })
}

const tags = ['a', 'b', 'c'].map(parseTag)
const arrivals = fc.array(
  fc.record({
    content: fc.constantFrom('one', 'other'),
    tags: fc.subarray(tags),
    /** How many of the flights so far end before it arrives. */
    ended: fc.nat({ max: 2 }),
  }),
  { maxLength: 30 },
)

test('whatever arrives: a put joins exactly if its like is under way and was the last to come to each of the tags', () => {
  fc.assert(
    fc.property(arrivals, (script) => {
      const lanes = createTagLanes()
      const register = createFlightRegister<ReturnType<typeof flight>>()
      const underWay: { identity: string; leave(): void }[] = []
      const lastAt = new Map<string, object>()

      script.forEach(({ content, tags: wanted, ended }, index) => {
        for (const each of underWay.splice(0, ended)) each.leave()
        const identity = JSON.stringify([content, wanted])
        const joined = register.joinable({ identity, agent: 'ci' })
        const like = underWay.findLast((each) => each.identity === identity)
        const isLast = like !== undefined && wanted.every((tag) => lastAt.get(tag) === like)
        assert.equal(joined !== undefined, isLast)
        if (joined) return

        const place = lanes.arrive(target, wanted, digest)
        const added = {
          ...flight(String(index), identity),
          get isNewest() {
            return place.isNewest
          },
        }
        const entry = {
          identity,
          leave() {
            place.leave()
            register.end(added)
          },
        }
        register.add(added)
        underWay.push(entry)
        for (const tag of wanted) lastAt.set(tag, entry)
      })
    }),
    { numRuns: 500 },
  )
})

test('who is to repeat its put is known without an id, whoever came meanwhile, and after the end too', () => {
  const register = createFlightRegister()
  const one = { ...flight('1', 'a', false), expectsRepeat: (agent: string) => agent === 'ci' }
  register.add(one)
  assert.equal(register.continued(put), one)
  register.end(one)
  assert.equal(register.continued(put), one)
  assert.equal(register.continued({ ...put, agent: 'somebody else' }), undefined)
  assert.equal(register.continued({ ...put, identity: 'b' }), undefined)
})
