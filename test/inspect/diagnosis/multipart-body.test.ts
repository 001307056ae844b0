import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose } from './setup.ts'

interface Part {
  readonly headers: readonly string[]
  readonly content: Uint8Array
}

function form(boundary: string, parts: readonly Part[], lineEnd = '\r\n'): Buffer {
  const pieces: Uint8Array[] = []
  for (const { headers, content } of parts) {
    const lines = [`--${boundary}`, ...headers, '', '']
    pieces.push(Buffer.from(lines.join(lineEnd)), content, Buffer.from(lineEnd))
  }
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--${lineEnd}`)])
}

const named = (name: string) => `Content-Disposition: form-data; name="${name}"`
const file = (name: string, filename: string): readonly string[] => [
  `${named(name)}; filename="${filename}"`,
  'Content-Type: application/octet-stream',
]

/** As `curl -F layer=@layer.tar.gz -F digest=…` writes it (curl 7.88). */
function curlForm(layer: Uint8Array): Buffer {
  return form('------------------------c9454b4e2cf4434d', [
    { headers: file('layer', 'layer.tar.gz'), content: layer },
    { headers: [named('digest')], content: Buffer.from(digestOf(layer)) },
  ])
}

/** As `requests.post(url, files=…, data=…)` of Python writes it (requests 2.34). */
function requestsForm(layer: Uint8Array): Buffer {
  return form('502cb1bd346761d24d3d39dedf247602', [
    { headers: [named('repository')], content: Buffer.from('team/app') },
    { headers: [`${named('layer')}; filename="layer.tar.gz"`], content: layer },
  ])
}

/** As `fetch` of Node writes a FormData. */
function fetchForm(layer: Uint8Array): Buffer {
  return form('----formdata-undici-086764615630', [
    { headers: file('layer', 'blob'), content: layer },
  ])
}

for (const [tool, write, part] of [
  ['curl', curlForm, 1],
  ['requests', requestsForm, 2],
  ['fetch', fetchForm, 1],
] as const) {
  for (const sizeBytes of [1, 1000, 262_144, 700_000]) {
    test(`a form of ${tool} with a layer of ${sizeBytes} bytes`, async () => {
      const layer = layerBytes(sizeBytes)
      const came = write(layer)
      assert.deepEqual(
        await diagnose(came, digestOf(layer)),
        diagnosis('multipart_body', {
          receivedBytes: came.length,
          part,
          firstOffset: came.indexOf(
            layer,
            part === 1 ? came.indexOf('\r\n\r\n') : came.lastIndexOf('\r\n\r\n'),
          ),
          layerBytes: sizeBytes,
          matchingDigest: digestOf(layer),
        }),
      )
    })
  }
}

test('a delimiter is found wherever the reading is cut', async () => {
  const boundary = '------------------------c9454b4e2cf4434d'
  const start = `--${boundary}\r\n${file('layer', 'a').join('\r\n')}\r\n\r\n`.length
  for (let cut = 0; cut <= boundary.length + 6; cut += 1) {
    const layer = layerBytes(256 * 1024 - cut)
    const came = form(boundary, [{ headers: file('layer', 'a'), content: layer }])
    const { cause, evidence } = await diagnose(came, digestOf(layer))
    assert.equal(cause, 'multipart_body', `cut ${cut}`)
    assert.equal(evidence['firstOffset'], start)
  }
})

test('a form with plain line feeds, and a part without headers', async () => {
  const layer = layerBytes(1000)
  const came = form('cut-here', [{ headers: [], content: layer }], '\n')
  const { cause, evidence } = await diagnose(came, digestOf(layer))
  assert.equal(cause, 'multipart_body')
  assert.equal(evidence['firstOffset'], '--cut-here\n\n'.length)
})

test('line ends of the layer itself are part of it', async () => {
  const layer = Buffer.from('\r\n--\r\n\r\n--c9454b4\r\n')
  assert.equal((await diagnose(curlForm(layer), digestOf(layer))).cause, 'multipart_body')
})

test('a form without the layer is unknown', async () => {
  const came = curlForm(layerBytes(1000))
  assert.equal((await diagnose(came, digestOf(layerBytes(1001)))).cause, 'unknown')
})

test('a form that was cut within the layer is unknown', async () => {
  const layer = layerBytes(400_000)
  const came = curlForm(layer)
  for (const sizeBytes of [60, 1000, 300_000, 400_200 - 10]) {
    assert.equal((await diagnose(came.subarray(0, sizeBytes), digestOf(layer))).cause, 'unknown')
  }
})

test('two hyphens do not make a form', async () => {
  const layer = layerBytes(1000)
  for (const start of ['--', '--\r\n\r\n', `--${'x'.repeat(80)}\r\n\r\n`, '--\u0001\r\n\r\n']) {
    const came = Buffer.concat([Buffer.from(start), layer, Buffer.from(`\r\n${start}`)])
    assert.equal((await diagnose(came, digestOf(layer))).cause, 'unknown')
  }
})

test('a form of parts without end is given up', async () => {
  const layer = layerBytes(100)
  const small = { headers: [named('x')], content: Buffer.from('1') }
  const parts = [...Array.from({ length: 100 }, () => small), { headers: [], content: layer }]
  assert.equal((await diagnose(form('b', parts), digestOf(layer))).cause, 'unknown')
  assert.equal((await diagnose(form('b', parts.slice(1)), digestOf(layer))).cause, 'multipart_body')
})
