import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createFairQueue } from '../../src/fairness/fair-queue.ts'

function queueOf(...waiting: readonly (readonly [agent: string, item: string])[]) {
  const queue = createFairQueue<string>()
  for (const [agent, item] of waiting) queue.add(agent, item)
  const drain = (isAwaited?: (item: string) => boolean) => {
    const served: string[] = []
    for (let item = queue.next(isAwaited); item; item = queue.next(isAwaited)) served.push(item)
    return served
  }
  return { ...queue, queue, drain }
}

test('agents take turns, and those of one agent are served in the order in which they came', () => {
  const { drain } = queueOf(['a', 'a1'], ['a', 'a2'], ['a', 'a3'], ['b', 'b1'], ['c', 'c1'])
  assert.deepEqual(drain(), ['a1', 'b1', 'c1', 'a2', 'a3'])
})

test('an agent that comes back waits behind those who wait', () => {
  const { queue, drain } = queueOf(['a', 'a1'], ['b', 'b1'], ['b', 'b2'])
  assert.equal(queue.next(), 'a1')
  queue.add('a', 'a2')
  assert.deepEqual(drain(), ['b1', 'a2', 'b2'])
})

test('those who are awaited go first, in turn between their agents', () => {
  const { drain } = queueOf(['a', 'a1'], ['a', 'a2!'], ['a', 'a3!'], ['b', 'b1'], ['b', 'b2!'])
  assert.deepEqual(
    drain((item) => item.endsWith('!')),
    ['a2!', 'b2!', 'a3!', 'b1', 'a1'],
  )
})

test('every eighth turn goes to whose turn it is, awaited or not', () => {
  const awaited = Array.from({ length: 20 }, (_, index) => ['a', `a${index}!`] as const)
  const { drain } = queueOf(['b', 'b1'], ['c', 'c1'], ...awaited)
  const served = drain((item) => item.endsWith('!'))
  assert.deepEqual([served.indexOf('b1'), served.indexOf('c1')], [7, 15])
})

test('who leaves is not served, and takes nobody along', () => {
  const { queue, drain } = queueOf(['a', 'a1'], ['a', 'a2'], ['b', 'b1'])
  queue.remove('a', 'a1')
  queue.remove('b', 'b1')
  queue.remove('b', 'b1')
  queue.remove('nobody', 'a2')
  assert.equal(queue.size, 1)
  assert.deepEqual(drain(), ['a2'])
  assert.equal(queue.size, 0)
})

test('who is added twice waits once', () => {
  const { queue, drain } = queueOf(['a', 'a1'], ['a', 'a1'])
  assert.equal(queue.size, 1)
  assert.deepEqual(drain(), ['a1'])
})

/** The same in the plainest form: a list, and the order in which agents are served. */
interface Model {
  waiting: { readonly agent: string; readonly item: number; readonly isAwaited: boolean }[]
  order: string[]
  /** Turns in a row that went to somebody who was awaited. */
  favours: number
}

interface Real {
  readonly queue: ReturnType<typeof createFairQueue<number>>
}

function leave(model: Model, agent: string, item: number): void {
  model.waiting = model.waiting.filter((one) => one.agent !== agent || one.item !== item)
  if (model.waiting.every((one) => one.agent !== agent)) {
    model.order = model.order.filter((other) => other !== agent)
  }
}

function expectedNext(model: Model): Model['waiting'][number] | undefined {
  const { waiting, order } = model
  const byTurn = order.flatMap((agent) => waiting.filter((one) => one.agent === agent))
  const awaited = model.favours < 7 ? byTurn.find(({ isAwaited }) => isAwaited) : undefined
  model.favours = awaited ? model.favours + 1 : 0
  return awaited ?? byTurn[0]
}

class Add implements fc.Command<Model, Real> {
  readonly agent: string
  readonly isAwaited: boolean

  constructor(agent: string, isAwaited: boolean) {
    this.agent = agent
    this.isAwaited = isAwaited
  }

  check(): boolean {
    return true
  }

  run(model: Model, { queue }: Real): void {
    const item = Math.max(0, ...model.waiting.map((one) => one.item)) + 1
    queue.add(this.agent, item)
    model.waiting.push({ agent: this.agent, item, isAwaited: this.isAwaited })
    if (!model.order.includes(this.agent)) model.order.push(this.agent)
    assert.equal(queue.size, model.waiting.length)
  }

  toString(): string {
    return `add ${this.agent}${this.isAwaited ? '!' : ''}`
  }
}

class Remove implements fc.Command<Model, Real> {
  readonly index: number

  constructor(index: number) {
    this.index = index
  }

  check({ waiting }: Readonly<Model>): boolean {
    return waiting.length > 0
  }

  run(model: Model, { queue }: Real): void {
    const leaving = model.waiting[this.index % model.waiting.length]
    assert.ok(leaving)
    queue.remove(leaving.agent, leaving.item)
    leave(model, leaving.agent, leaving.item)
    assert.equal(queue.size, model.waiting.length)
  }

  toString(): string {
    return `remove ${this.index}`
  }
}

class Next implements fc.Command<Model, Real> {
  check(): boolean {
    return true
  }

  run(model: Model, { queue }: Real): void {
    const expected = expectedNext(model)
    const awaited = new Set(model.waiting.filter((one) => one.isAwaited).map(({ item }) => item))
    assert.equal(
      queue.next((item) => awaited.has(item)),
      expected?.item,
    )
    if (!expected) return
    leave(model, expected.agent, expected.item)
    const isThere = model.order.includes(expected.agent)
    model.order = model.order.filter((agent) => agent !== expected.agent)
    if (isThere) model.order.push(expected.agent)
    assert.equal(queue.size, model.waiting.length)
  }

  toString(): string {
    return 'next'
  }
}

test('whatever comes and goes, it serves as the model does', () => {
  const agent = fc.constantFrom('a', 'b', 'c')
  const commands = fc.commands(
    [
      fc.tuple(agent, fc.boolean()).map(([name, isAwaited]) => new Add(name, isAwaited)),
      fc.nat({ max: 20 }).map((index) => new Remove(index)),
      fc.constant(new Next()),
    ],
    { maxCommands: 100 },
  )
  fc.assert(
    fc.property(commands, (script) => {
      fc.modelRun(
        () => ({
          model: { waiting: [], order: [], favours: 0 } satisfies Model as Model,
          real: { queue: createFairQueue<number>() },
        }),
        script,
      )
    }),
  )
})
