import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  type Allowance,
  type AllowanceLimits,
  createAllowance,
} from '../../src/fairness/allowance.ts'

interface One {
  readonly name: string
  readonly isUpload: boolean
}

const upload = (name: string): One => ({ name, isUpload: true })
const request = (name: string): One => ({ name, isUpload: false })

function allowanceFor(limits: AllowanceLimits): Allowance<One> {
  const allowance = createAllowance<One>()
  allowance.limit(limits, 0)
  return allowance
}

function goOn(allowance: Allowance<One>, nowMs = 0): readonly string[] {
  const names: string[] = []
  for (let next = allowance.next(nowMs); next; next = allowance.next(nowMs)) names.push(next.name)
  return names
}

test('without limits everybody goes on', () => {
  const allowance = allowanceFor({})
  for (const name of ['1', '2', '3']) allowance.add(upload(name))
  assert.deepEqual(goOn(allowance), ['1', '2', '3'])
})

test('an upload waits for a place, first come, first served', () => {
  const allowance = allowanceFor({ uploads: 1 })
  for (const name of ['1', '2', '3']) allowance.add(upload(name))
  assert.deepEqual(goOn(allowance), ['1'])
  allowance.uploadEnded()
  assert.deepEqual(goOn(allowance), ['2'])
  assert.equal(allowance.waitMs(0), Infinity)
})

test('who needs no place does not wait behind those who do', () => {
  const allowance = allowanceFor({ uploads: 1 })
  for (const one of [upload('1'), upload('2'), request('3')]) allowance.add(one)
  assert.deepEqual(goOn(allowance).toSorted(), ['1', '3'])
})

test('turns come with time, in the order of arrival', () => {
  const allowance = allowanceFor({ requestsPerSecond: 2 })
  for (const one of [request('1'), upload('2'), request('3'), upload('4')]) allowance.add(one)
  assert.deepEqual(goOn(allowance).toSorted(), ['1', '2'])
  assert.equal(allowance.waitMs(0), 500)
  assert.deepEqual(goOn(allowance, 499), [])
  assert.deepEqual(goOn(allowance, 500), ['3'])
  assert.deepEqual(goOn(allowance, 1000), ['4'])
})

test('an upload that waits for a place has had its turn', () => {
  const allowance = allowanceFor({ uploads: 1, requestsPerSecond: 2 })
  for (const one of [upload('1'), upload('2'), request('3')]) allowance.add(one)
  assert.deepEqual(goOn(allowance), ['1'])
  assert.deepEqual(goOn(allowance, 500), ['3'])
  allowance.uploadEnded()
  assert.deepEqual(goOn(allowance, 500), ['2'])
})

test('who leaves is asked for no more, and says what it waited for', () => {
  const allowance = allowanceFor({ uploads: 1, requestsPerSecond: 2 })
  const ones = [upload('1'), upload('2'), upload('3')] as const
  for (const one of ones) allowance.add(one)
  assert.deepEqual(goOn(allowance), ['1'])
  assert.deepEqual(
    ones.map((one) => allowance.remove(one)),
    [undefined, 'place', 'turn'],
  )
  allowance.uploadEnded()
  assert.deepEqual(goOn(allowance, 5000), [])
})

test('limits that change count for those who wait, too', () => {
  const allowance = allowanceFor({ uploads: 0, requestsPerSecond: 1 })
  for (const name of ['1', '2', '3', '4']) allowance.add(upload(name))
  assert.deepEqual(goOn(allowance), [])
  allowance.limit({ uploads: 2 }, 0)
  assert.deepEqual(goOn(allowance), ['1', '2'])
  allowance.limit({}, 0)
  assert.deepEqual(goOn(allowance), ['3', '4'])
})

test('with fewer places than uploads under way nobody goes on until enough have ended', () => {
  const allowance = allowanceFor({})
  for (const name of ['1', '2', '3']) allowance.add(upload(name))
  goOn(allowance)
  allowance.limit({ uploads: 2 }, 0)
  allowance.add(upload('4'))
  allowance.uploadEnded()
  assert.deepEqual(goOn(allowance), [])
  allowance.uploadEnded()
  assert.deepEqual(goOn(allowance), ['4'])
})

test('it is idle when nobody waits, no upload is under way, and the second is over', () => {
  const allowance = allowanceFor({ uploads: 1, requestsPerSecond: 1 })
  assert.equal(allowance.isIdle(0), true)
  allowance.add(upload('1'))
  assert.deepEqual([allowance.isQuiet, allowance.isIdle(9000)], [false, false])
  goOn(allowance)
  assert.deepEqual([allowance.isQuiet, allowance.isIdle(9000)], [false, false])
  allowance.uploadEnded()
  assert.equal(allowance.isQuiet, true)
  assert.equal(allowance.isIdle(9000), true)
})

test('under any interleaving no limit is passed, nobody is lost, and the order is kept', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('add' as const), isUpload: fc.boolean() }),
      fc.record({ do: fc.constant('end' as const) }),
      fc.record({ do: fc.constant('leave' as const), who: fc.nat({ max: 9 }) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
    ),
    { maxLength: 80 },
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      steps,
      (...input) => {
        const [uploads, requestsPerSecond, script] = input
        const allowance = allowanceFor({ uploads, requestsPerSecond })
        const waiting: One[] = []
        let nowMs = 0
        let underWay = 0
        let names = 0

        function go(): void {
          for (let next = allowance.next(nowMs); next; next = allowance.next(nowMs)) {
            const { isUpload } = next
            assert.equal(
              next,
              waiting.find((one) => one.isUpload === isUpload),
            )
            waiting.splice(waiting.indexOf(next), 1)
            if (isUpload) underWay += 1
            assert.ok(underWay <= uploads)
          }
        }

        for (const step of script) {
          switch (step.do) {
            case 'add': {
              const one = { name: String(names), isUpload: step.isUpload }
              names += 1
              waiting.push(one)
              allowance.add(one)
              break
            }
            case 'end':
              if (underWay === 0) break
              underWay -= 1
              allowance.uploadEnded()
              break
            case 'leave': {
              const [gone] = waiting.splice(step.who, 1)
              if (gone) assert.ok(allowance.remove(gone))
              break
            }
            case 'wait':
              nowMs += step.ms
          }
          go()
        }
        for (let rounds = 0; waiting.length > 0; rounds += 1) {
          assert.ok(rounds < 200, 'everybody comes to their turn')
          nowMs += 1000
          for (; underWay > 0; underWay -= 1) allowance.uploadEnded()
          go()
        }
        for (; underWay > 0; underWay -= 1) allowance.uploadEnded()
        assert.ok(allowance.isIdle(nowMs + 1000 * names + 1000))
      },
    ),
  )
})
