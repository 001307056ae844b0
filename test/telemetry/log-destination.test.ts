import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createLogDestination, type Sink } from '../../src/telemetry/log-destination.ts'
import { manualClock } from '../support/manual-clock.ts'

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: it cannot be written`), { code })
}

/** A destination over a sink whose writes end when a test says so. */
function setUp(t: TestContext) {
  const clock = manualClock(t)
  const told: string[] = []
  const begun: { readonly bytes: Buffer; readonly done: Parameters<Sink['write']>[1] }[] = []
  let written = Buffer.alloc(0)
  let syncFault: (() => Error | undefined) | undefined

  function take(bytes: Buffer, sizeBytes = bytes.length): number {
    written = Buffer.concat([written, bytes.subarray(0, sizeBytes)])
    return sizeBytes
  }

  const destination = createLogDestination({
    sink: {
      write: (bytes, done) => void begun.push({ bytes, done }),
      writeSync(bytes) {
        const error = syncFault?.()
        if (error) throw error
        return take(bytes)
      },
    },
    tell: (sentence) => void told.push(sentence),
    nowMs: () => clock.now().getTime(),
  })
  function oldest() {
    const write = begun.shift()
    assert.ok(write, 'nothing is being written')
    return write
  }

  return {
    destination,
    clock,
    told,
    written: () => written.toString(),
    beingWritten: () => begun.map(({ bytes }) => bytes.toString()),
    /** Ends the write that began first: after that many bytes, or with an error. */
    succeed(sizeBytes?: number) {
      const { bytes, done } = oldest()
      done(null, take(bytes, sizeBytes))
    },
    fail(code: string) {
      oldest().done(fault(code), 0)
    },
    failSync(cause: () => Error | undefined) {
      syncFault = cause
    },
  }
}

test('a line is written at once, and those that come meanwhile together after it', (t) => {
  const { destination, beingWritten, succeed, written, told } = setUp(t)
  for (const line of ['1\n', '2\n', '3\n']) destination.write(line)
  assert.deepEqual(beingWritten(), ['1\n'])
  succeed()
  assert.deepEqual(beingWritten(), ['2\n3\n'])
  succeed()
  assert.deepEqual([written(), beingWritten(), told], ['1\n2\n3\n', [], []])
})

test('what was written in part goes on where it stopped', (t) => {
  const { destination, succeed, written } = setUp(t)
  destination.write('one line, \u{1F4A7}\n')
  succeed(12)
  destination.write('another\n')
  succeed()
  succeed()
  assert.equal(written(), 'one line, \u{1F4A7}\nanother\n')
})

test('on a full disk lines wait, and are written when there is room again, which is told', (t) => {
  const { destination, clock, succeed, fail, written, told } = setUp(t)
  destination.write('1\n')
  fail('ENOSPC')
  destination.write('2\n')
  assert.deepEqual(told, [
    'The log cannot be written (ENOSPC: it cannot be written). Lines lost so far: 0.',
  ])
  clock.advance(1_000)
  fail('ENOSPC')
  clock.advance(1_000)
  succeed()
  succeed()
  assert.equal(written(), '1\n2\n')
  assert.deepEqual(told.slice(1), ['The log is written again. Lines lost: 0.'])
})

test('lines beyond a mebibyte are lost, counted, and told of once a minute', (t) => {
  const { destination, clock, fail, succeed, written, told } = setUp(t)
  destination.write('first\n')
  fail('ENOSPC')
  const line = `${'x'.repeat(1023)}\n`
  for (let lines = 0; lines < 1024 + 5; lines += 1) destination.write(line)
  clock.advance(59_999)
  assert.equal(told.length, 1)
  fail('ENOSPC')
  destination.write(line)
  assert.equal(told.length, 1)
  clock.advance(1_000)
  fail('ENOSPC')
  assert.match(told[1] ?? '', /lost so far: 6\.$/)

  clock.advance(1_000)
  succeed()
  succeed()
  assert.equal(written().length, 'first\n'.length + 1024 * 1024 - 6 + 6)
  assert.deepEqual(told.slice(2), ['The log is written again. Lines lost: 6.'])
})

test('a reader that is slow is not told of, as long as nothing is lost', (t) => {
  const { destination, clock, succeed, fail, written, told } = setUp(t)
  destination.write('1\n')
  fail('EAGAIN')
  clock.advance(10)
  succeed()
  assert.deepEqual([written(), told], ['1\n', []])
})

test('at the end the rest is written in order, and nothing twice', (t) => {
  const { destination, beingWritten, written, told } = setUp(t)
  destination.write('1\n')
  destination.write('2\n')
  destination.write('3\n')
  destination.end()
  assert.deepEqual(beingWritten(), ['1\n'])
  assert.deepEqual([written(), told], ['2\n3\n', []])
})

test('at the end a full disk is tried once, and what is lost is told', (t) => {
  const { destination, fail, failSync, written, told } = setUp(t)
  destination.write('1\n')
  fail('ENOSPC')
  destination.write('2\n')
  let tries = 0
  failSync(() => {
    tries += 1
    return fault('ENOSPC')
  })
  destination.end()
  assert.deepEqual([written(), tries], ['', 1])
  assert.deepEqual(told.slice(1), ['The log is incomplete. Lines lost: 2.'])
})

test('at the end a full pipe is waited for', (t) => {
  const { destination, fail, failSync, written, told } = setUp(t)
  destination.write('1\n')
  fail('EAGAIN')
  const faults = [fault('EAGAIN'), fault('EAGAIN')]
  failSync(() => faults.pop())
  destination.end()
  assert.deepEqual([written(), told], ['1\n', []])
})

test('at the end a pipe that nobody reads is given up after a second', (t) => {
  const { destination, clock, fail, failSync, written, told } = setUp(t)
  destination.write('1\n')
  fail('EAGAIN')
  let tries = 0
  failSync(() => {
    tries += 1
    clock.advance(500)
    return fault('EAGAIN')
  })
  destination.end()
  assert.deepEqual([written(), tries], ['', 2])
  assert.deepEqual(told, ['The log is incomplete. Lines lost: 1.'])
})

test('a flush waits for the write that is under way, and then writes the rest', (t) => {
  const { destination, succeed, written, beingWritten } = setUp(t)
  destination.write('1\n')
  destination.write('2\n')
  let isFlushed = false
  destination.flush(() => {
    isFlushed = true
  })
  assert.equal(isFlushed, false)
  succeed()
  assert.deepEqual([isFlushed, written(), beingWritten()], [true, '1\n2\n', []])
})

test('a flush comes to its end on a full disk too', (t) => {
  const { destination, fail, failSync } = setUp(t)
  destination.write('1\n')
  let isFlushed = false
  destination.flush(() => {
    isFlushed = true
  })
  failSync(() => fault('ENOSPC'))
  fail('ENOSPC')
  assert.equal(isFlushed, true)
})
