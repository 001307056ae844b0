import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createBase64Decoder } from '../../../src/inspect/diagnosis/base64-decoder.ts'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose } from './setup.ts'

function inLines(text: string, columns: number, lineEnd: string): string {
  const lines = text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
  return lines.map((line) => line + lineEnd).join('')
}

const base64 = (bytes: Buffer) => bytes.toString('base64')
const base64url = (bytes: Buffer) => bytes.toString('base64url')

const writers: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'base64 of coreutils': (bytes) => inLines(base64(bytes), 76, '\n'),
  'base64 -w0': base64,
  'openssl base64': (bytes) => inLines(base64(bytes), 64, '\n'),
  'certutil of Windows, without its frame': (bytes) => inLines(base64(bytes), 64, '\r\n'),
  'the alphabet for URLs, without padding': base64url,
  'a data URI': (bytes) => `data:application/octet-stream;base64,${base64(bytes)}`,
  'JSON.stringify': (bytes) => JSON.stringify(base64(bytes)),
  'a data URI in JSON': (bytes) => JSON.stringify(`data:;base64,${base64(bytes)}`),
  'json.dumps of base64.encodebytes in Python': (bytes) =>
    JSON.stringify(inLines(base64(bytes), 76, '\n')),
  'json_encode of PHP': (bytes) => JSON.stringify(base64(bytes)).replaceAll('/', '\\/'),
}

for (const [writer, write] of Object.entries(writers)) {
  test(`base64 as ${writer} writes it`, async () => {
    // All lengths of the last group, and layers that are larger than what is read at once.
    for (const sizeBytes of [1, 2, 3, 57, 58, 59, 1000, 300_000, 300_001]) {
      const layer = layerBytes(sizeBytes)
      const came = Buffer.from(write(layer))
      assert.deepEqual(
        await diagnose(came, digestOf(layer)),
        diagnosis('base64_body', {
          receivedBytes: came.length,
          layerBytes: sizeBytes,
          matchingDigest: digestOf(layer),
        }),
      )
    }
  })
}

test('base64 of other bytes is unknown', async () => {
  const layer = layerBytes(10_000)
  const came = Buffer.from(base64(layerBytes(10_000, 2)))
  assert.deepEqual(
    await diagnose(came, digestOf(layer)),
    diagnosis('unknown', { receivedBytes: came.length, compression: 'none', contents: 'base64' }),
  )
})

test('base64 is the whole body, or none', async () => {
  const layer = layerBytes(3000)
  const text = base64(layer)
  for (const wrong of [
    `${text}!`,
    `#${text}`,
    `${text.slice(0, 100)}=${text.slice(100)}`,
    `${text}====`,
    `"${text}`,
    `${text}"`,
    `"${text}" "`,
    `"${text}"AAAA`,
    `"${text.slice(0, 4)}\\x${text.slice(4)}"`,
    `{"layer":"${text}"}`,
    `${text.slice(0, 4)}\u0000${text.slice(4)}`,
  ]) {
    const { cause } = await diagnose(Buffer.from(wrong), digestOf(layer))
    assert.equal(cause, 'unknown', wrong.slice(0, 20))
  }
})

function decode(text: Buffer, sizes: readonly number[]): Buffer {
  const decoder = createBase64Decoder(false)
  const decoded: Uint8Array[] = []
  let start = 0
  for (const size of [...sizes, text.length]) {
    const bytes = decoder.write(text.subarray(start, start + size))
    assert.ok(bytes)
    decoded.push(Buffer.from(bytes))
    start += size
  }
  const rest = decoder.end()
  assert.ok(rest)
  return Buffer.concat([...decoded, rest])
}

test('what follows on a JSON text is no part of it', async () => {
  const layer = layerBytes(3000)
  const came = Buffer.from(`"${base64(layer)}"AAAA`)
  const { cause } = await diagnose(came, digestOf(Buffer.concat([layer, Buffer.alloc(3)])))
  assert.equal(cause, 'unknown')
})

test('however base64 is cut into chunks, the same bytes come out', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.nat({ max: 9 })),
      fc.integer({ min: 1, max: 20 }),
      (bytes, sizes, columns) => {
        const text = Buffer.from(inLines(base64(Buffer.from(bytes)), columns, '\r\n'))
        assert.deepEqual(decode(text, sizes), Buffer.from(bytes))
      },
    ),
    { numRuns: 500 },
  )
})
