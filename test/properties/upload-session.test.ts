import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import * as fc from 'fast-check'
import { digestOf, layerBytes } from '../support/layers.ts'
import { rawClient } from '../support/raw-http.ts'
import { type RunningService, startService } from '../support/service.ts'

/** What an upload must look like from outside. */
interface Model {
  bytes: Buffer
  state: 'open' | 'finished' | 'gone'
}

const sizes = fc.integer({ min: 1, max: 3_000 })
const seeds = fc.integer({ min: 1, max: 1_000_000 })
/** How far a range lies beside the right place: mostly not at all. */
const shifts = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -40, max: 40 }))

const steps = fc.oneof(
  fc.record({ do: fc.constant('stream' as const), sizeBytes: sizes, seed: seeds }),
  fc.record({
    do: fc.constant('range' as const),
    sizeBytes: sizes,
    seed: seeds,
    shift: shifts,
    stretch: shifts,
  }),
  fc.record({
    do: fc.constant('content' as const),
    sizeBytes: sizes,
    seed: seeds,
    isRight: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('cut' as const),
    sizeBytes: sizes,
    seed: seeds,
    isPut: fc.boolean(),
  }),
  fc.record({ do: fc.constant('look' as const) }),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({
    do: fc.constant('finish' as const),
    sizeBytes: fc.oneof(fc.constant(0), sizes),
    seed: seeds,
    shift: shifts,
    isRight: fc.boolean(),
  }),
)
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never

async function begin({ url }: RunningService): Promise<string> {
  const answer = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' })
  assert.equal(answer.status, 202)
  return answer.headers.get('location') ?? ''
}

/** The header values that tell where an upload stands. */
function requireStand(answer: Response, location: string, { bytes }: Model): void {
  assert.equal(answer.headers.get('location'), location)
  assert.equal(answer.headers.get('range'), `0-${Math.max(0, bytes.length - 1)}`)
}

async function perform(
  service: RunningService,
  location: string,
  model: Model,
  step: Step,
): Promise<void> {
  const target = `${service.url}${location}`
  const isOpen = model.state === 'open'
  const offset = model.bytes.length

  switch (step.do) {
    case 'stream': {
      const body = layerBytes(step.sizeBytes, step.seed)
      const answer = await fetch(target, { method: 'PATCH', body })
      assert.equal(answer.status, isOpen ? 202 : 404)
      if (!isOpen) return
      model.bytes = Buffer.concat([model.bytes, body])
      return requireStand(answer, location, model)
    }
    case 'range': {
      const body = layerBytes(step.sizeBytes, step.seed)
      const first = Math.max(0, offset + step.shift)
      const last = Math.max(first, first + body.length - 1 + step.stretch)
      const isRight = first === offset && last - first + 1 === body.length
      const headers = { 'content-range': `${first}-${last}` }
      const answer = await fetch(target, { method: 'PATCH', body, headers })
      const refused = isRight ? 202 : 416
      assert.equal(answer.status, isOpen ? refused : 404)
      if (!isOpen) return
      if (isRight) model.bytes = Buffer.concat([model.bytes, body])
      return requireStand(answer, location, model)
    }
    case 'content': {
      const body = layerBytes(step.sizeBytes, step.seed)
      const hashed = step.isRight ? body : Buffer.from('other bytes')
      const base64 = createHash('sha256').update(hashed).digest('base64')
      const headers = { 'content-digest': `sha-256=:${base64}:` }
      const answer = await fetch(target, { method: 'PATCH', body, headers })
      assert.equal(answer.status, isOpen ? (step.isRight ? 202 : 400) : 404)
      if (isOpen && step.isRight) model.bytes = Buffer.concat([model.bytes, body])
      return
    }
    case 'cut': {
      const body = layerBytes(step.sizeBytes, step.seed)
      const client = await rawClient(service.port)
      const digest = digestOf(Buffer.concat([model.bytes, body]))
      const line = step.isPut ? `PUT ${location}?digest=${digest}` : `PATCH ${location}`
      client.write(
        `${line} HTTP/1.1\r\nHost: layergate\r\nContent-Length: ${body.length + 1}\r\n\r\n`,
      )
      client.write(body)
      client.socket.destroySoon()
      return
    }
    case 'look': {
      const answer = await fetch(target)
      assert.equal(answer.status, isOpen ? 204 : 404)
      if (isOpen) requireStand(answer, location, model)
      return
    }
    case 'cancel': {
      const answer = await fetch(target, { method: 'DELETE' })
      assert.equal(answer.status, isOpen ? 204 : 404)
      if (isOpen) model.state = 'gone'
      return
    }
    case 'finish':
      return finish(target, model, step)
  }
}

async function finish(
  target: string,
  model: Model,
  step: Extract<Step, { do: 'finish' }>,
): Promise<void> {
  const offset = model.bytes.length
  const body = layerBytes(step.sizeBytes, step.seed)
  const whole = model.state === 'open' ? Buffer.concat([model.bytes, body]) : model.bytes
  const digest = step.isRight ? digestOf(whole) : digestOf(Buffer.from('other bytes'))
  const first = Math.max(0, offset + step.shift)
  const hasRange = body.length > 0
  const answer = await fetch(`${target}?digest=${digest}`, {
    method: 'PUT',
    ...(hasRange && {
      body,
      headers: { 'content-range': `${first}-${first + body.length - 1}` },
    }),
  })
  if (model.state === 'finished') return assert.equal(answer.status, step.isRight ? 201 : 404)
  if (model.state === 'gone') return assert.equal(answer.status, 404)
  if (hasRange && first !== offset) return assert.equal(answer.status, 416)
  const isGood = step.isRight && whole.length > 0
  assert.equal(answer.status, isGood ? 201 : 400)
  if (isGood) Object.assign(model, { bytes: whole, state: 'finished' })
  // Bytes that came with this request may be what was wrong.
  else if (offset > 0 && body.length === 0) model.state = 'gone'
}

test('whatever is sent to an upload, its bytes, its offset and its verdict are those of the model', async (t) => {
  const service = await startService(t)
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 12 }), async (sequence) => {
      const location = await begin(service)
      const model: Model = { bytes: Buffer.alloc(0), state: 'open' }
      for (const step of sequence) await perform(service, location, model, step)

      if (model.state !== 'finished') return
      const blob = await fetch(`${service.url}/v2/team/app/blobs/${digestOf(model.bytes)}`)
      assert.equal(blob.status, 200)
      assert.deepEqual(Buffer.from(await blob.arrayBuffer()), model.bytes)
    }),
    { numRuns: 150 },
  )
})
