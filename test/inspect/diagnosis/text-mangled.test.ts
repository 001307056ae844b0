import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import * as fc from 'fast-check'
import {
  dropCarriageReturns,
  insertCarriageReturns,
  type ByteChange,
} from '../../../src/inspect/diagnosis/byte-changes.ts'
import { decodeFromUtf8, encodeAsUtf8 } from '../../../src/inspect/diagnosis/charset-changes.ts'
import { replaceInvalidUtf8 } from '../../../src/inspect/diagnosis/replaced-bytes.ts'
import { diagnosis } from '../../../src/registry/diagnosis.ts'
import { digestOf, layerBytes } from '../../support/layers.ts'
import { diagnose, imageLayer, prose, tarOf } from './setup.ts'

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const rewrite = (bytes: Uint8Array, from: RegExp, to: string) =>
  Buffer.from(latin1(bytes).replace(from, to), 'latin1')

/** What a write in text mode does on Windows, and FTP in ASCII mode. */
const inTextMode = (bytes: Uint8Array) => rewrite(bytes, /\n/g, '\r\n')
/** What `sed 's/$/\r/'` does, where no LF ends the last line. */
const inTextModeToItsEnd = (bytes: Uint8Array) =>
  Buffer.concat([inTextMode(bytes), Buffer.from('\r')])
/** Leaves what has a CR already. */
const unix2dos = (bytes: Uint8Array) => rewrite(bytes, /(?<!\r)\n/g, '\r\n')
const dos2unix = (bytes: Uint8Array) => rewrite(bytes, /\r\n/g, '\n')
/** `fetch(url, { body: bytes.toString('latin1') })`, or Python's `.decode('latin1').encode()`. */
const asLatin1Text = (bytes: Uint8Array) => Buffer.from(latin1(bytes), 'utf8')
/** `await file.text()` and sent again, or Python's `.decode(errors='replace').encode()`. */
const asUtf8Text = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('utf8'), 'utf8')
/** The same where a browser, or .NET on Windows, was told that it is latin1. */
const asWindows1252Text = (bytes: Uint8Array) =>
  Buffer.from(new TextDecoder('windows-1252').decode(bytes), 'utf8')

function count(bytes: Uint8Array, pattern: RegExp): number {
  return [...latin1(bytes).matchAll(pattern)].length
}

const { gzip, tar } = imageLayer(400_000)
// So large that it is read in several chunks.
const random = layerBytes(600_000)
const text = Buffer.from('Zeile mit Umläuten, größer als\r\neine andere\r\n'.repeat(9000), 'latin1')

for (const [kind, layer] of Object.entries({ gzip, tar, random })) {
  test(`LF became CRLF in a layer (${kind}), and there is no good copy`, async () => {
    const came = inTextMode(layer)
    assert.deepEqual(
      await diagnose(came, digestOf(layer)),
      diagnosis('text_mangled', {
        receivedBytes: came.length,
        change: 'lf_to_crlf',
        replacedBytes: count(layer, /\n/g),
        matchingDigest: digestOf(layer),
      }),
    )
  })
}

test('LF became CRLF, and the last line got a CR without an LF, with and without a good copy', async () => {
  for (const layer of [gzip, random]) {
    assert.notEqual(layer.at(-1), 0x0a)
    const came = inTextModeToItsEnd(layer)
    for (const goodCopy of [undefined, layer]) {
      const known = goodCopy ? { goodCopy } : {}
      const { cause, evidence } = await diagnose(came, digestOf(layer), known)
      assert.equal(cause, 'text_mangled')
      assert.equal(evidence['change'], 'lf_to_crlf')
      assert.equal(evidence['replacedBytes'], count(layer, /\n/g) + 1)
    }
  }
})

for (const [kind, layer] of Object.entries({ gzip, random, text })) {
  test(`bytes became characters of UTF-8 in a layer (${kind}), and there is no good copy`, async () => {
    for (const [change, mangle] of [
      ['latin1_to_utf8', asLatin1Text],
      ['windows1252_to_utf8', asWindows1252Text],
    ] as const) {
      // Of both it is the same where no byte is between 0x80 and 0x9f.
      if (kind === 'text' && change === 'windows1252_to_utf8') continue
      const came = mangle(layer)
      assert.deepEqual(
        await diagnose(came, digestOf(layer)),
        diagnosis('text_mangled', {
          receivedBytes: came.length,
          change,
          replacedBytes: count(layer, /[\x80-\xff]/g),
          matchingDigest: digestOf(layer),
        }),
      )
    }
  })
}

test('CRLF became LF in a layer that is a text, and there is no good copy', async () => {
  const came = dos2unix(text)
  assert.deepEqual(
    await diagnose(came, digestOf(text)),
    diagnosis('text_mangled', {
      receivedBytes: came.length,
      change: 'crlf_to_lf',
      replacedBytes: count(text, /\r\n/g),
      matchingDigest: digestOf(text),
    }),
  )
})

test('CRLF became LF in a layer that is no text cannot be proved without a good copy', async () => {
  const { cause } = await diagnose(dos2unix(random), digestOf(random))
  assert.equal(cause, 'unknown')
})

for (const [change, mangle, replaced] of [
  ['lf_to_crlf', inTextMode, /\n/g],
  ['bare_lf_to_crlf', unix2dos, /(?<!\r)\n/g],
  ['crlf_to_lf', dos2unix, /\r\n/g],
  ['latin1_to_utf8', asLatin1Text, /[\x80-\xff]/g],
  ['windows1252_to_utf8', asWindows1252Text, /[\x80-\xff]/g],
] as const) {
  test(`with a good copy it is seen that ${change} was done`, async () => {
    for (const layer of [gzip, random]) {
      const came = mangle(layer)
      const { cause, evidence } = await diagnose(came, digestOf(layer), { goodCopy: layer })
      assert.equal(cause, 'text_mangled')
      assert.deepEqual(evidence, {
        receivedBytes: came.length,
        change,
        replacedBytes: count(layer, replaced),
        matchingDigest: digestOf(came),
      })
    }
  })
}

test('with a good copy it is seen that bytes were replaced in whatever layer', async () => {
  const came = asUtf8Text(random)
  assert.deepEqual(
    await diagnose(came, digestOf(random), { goodCopy: random }),
    diagnosis('text_mangled', {
      receivedBytes: came.length,
      change: 'invalid_utf8_replaced',
      replacedBytes: count(came, /\xef\xbf\xbd/g),
      matchingDigest: digestOf(came),
    }),
  )
})

for (const [kind, layer] of Object.entries({ gzip, zstd: zstdCompressSync(tar) })) {
  test(`bytes were replaced in a layer (${kind}) that begins as only that can make it`, async () => {
    const came = asUtf8Text(layer)
    // The second is cut within a character, as by the length of the layer itself.
    for (const bytes of [came, came.subarray(0, came.lastIndexOf(0xef) + 2)]) {
      assert.deepEqual(
        await diagnose(bytes, digestOf(layer)),
        diagnosis('text_mangled', {
          receivedBytes: bytes.length,
          change: 'invalid_utf8_replaced',
          replacedBytes: count(bytes, /\xef\xbf\xbd/g),
        }),
      )
    }
  })
}

test('bytes that were replaced in anything else are not proved', async () => {
  const came = asUtf8Text(random)
  assert.equal((await diagnose(came, digestOf(random))).cause, 'unknown')
})

test('what begins so and is no text later is unknown', async () => {
  for (const broken of [0xff, 0xc3]) {
    const came = asUtf8Text(gzip)
    came[came.lastIndexOf(0x20)] = broken
    assert.equal((await diagnose(came, digestOf(gzip))).cause, 'unknown')
  }
})

test('a text of other bytes is unknown, with a good copy and without', async () => {
  const other = prose(600_000)
  for (const came of [inTextMode(random), asLatin1Text(random), dos2unix(text), unix2dos(other)]) {
    assert.equal((await diagnose(came, digestOf(other))).cause, 'unknown')
    const { cause } = await diagnose(came, digestOf(gzip), { goodCopy: gzip })
    assert.equal(cause, 'unknown')
  }
})

test('a text that was mangled, and damaged far behind its beginning, is unknown', async () => {
  for (const mangle of [inTextMode, asLatin1Text, asUtf8Text]) {
    const came = mangle(random)
    const place = came.lastIndexOf('A')
    came[place] = 0x42
    assert.equal((await diagnose(came, digestOf(random))).cause, 'unknown')
    const { cause } = await diagnose(came, digestOf(random), { goodCopy: random })
    assert.equal(cause, 'unknown')
  }
})

test('a character that is no byte is not taken for one', async () => {
  const layer = Buffer.from('\u00ff and \u00e4', 'latin1')
  assert.equal((await diagnose(asLatin1Text(layer), digestOf(layer))).cause, 'text_mangled')
  const came = Buffer.from('\u0100 and \u00e4')
  assert.equal((await diagnose(came, digestOf(layer))).cause, 'unknown')
})

test('a byte order mark at the beginning is kept', async () => {
  const layer = Buffer.concat([Buffer.from('\ufeff'), random])
  const replaced = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(layer))
  const found = await diagnose(replaced, digestOf(layer), { goodCopy: layer })
  assert.equal(found.evidence['change'], 'invalid_utf8_replaced')
})

test('an archive of texts is mangled as well', async () => {
  const layer = tarOf({ 'a.txt': text })
  const came = rewrite(layer, /\r\n/g, '\n')
  assert.equal((await diagnose(came, digestOf(layer))).evidence['change'], 'crlf_to_lf')
})

/** Bytes among which line ends, and characters of several bytes, are frequent. */
const bytes = fc.uint8Array({ maxLength: 60 }).map((values) =>
  Buffer.concat(
    [...values].map((value) => {
      if (value < 60) return Buffer.from('\r')
      if (value < 120) return Buffer.from('\n')
      if (value < 140) return Buffer.from('€\ufffdä')
      return Buffer.of(value)
    }),
  ),
)

function run({ write, end }: ByteChange, input: Buffer, sizes: readonly number[]) {
  const changed = []
  let start = 0
  for (const size of [...sizes, input.length]) {
    const piece = write(input.subarray(start, start + size))
    if (!piece) return undefined
    changed.push(Buffer.from(piece))
    start += size
  }
  const rest = end()
  return rest && Buffer.concat([...changed, rest])
}

for (const [name, create, expected] of [
  ['insert all', () => insertCarriageReturns('all'), inTextMode],
  ['insert the missing', () => insertCarriageReturns('missing'), unix2dos],
  ['drop', () => dropCarriageReturns('kept'), dos2unix],
  ['latin1', () => encodeAsUtf8('latin1'), asLatin1Text],
  ['windows-1252', () => encodeAsUtf8('windows1252'), asWindows1252Text],
  ['replace', replaceInvalidUtf8, asUtf8Text],
] as const) {
  test(`the change "${name}" is that of the tools, wherever the chunks are cut`, () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 5 })), (input, sizes) => {
        assert.deepEqual(run(create(), input, sizes), expected(input))
      }),
      { numRuns: 500 },
    )
  })
}

for (const [name, create, mangle] of [
  ['CRLF', () => dropCarriageReturns('impossible'), inTextMode],
  ['latin1', () => decodeFromUtf8('latin1'), asLatin1Text],
  ['windows-1252', () => decodeFromUtf8('windows1252'), asWindows1252Text],
] as const) {
  test(`what "${name}" did is undone, wherever the chunks are cut`, () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 5 })), (input, sizes) => {
        assert.deepEqual(run(create(), mangle(input), sizes), input)
      }),
      { numRuns: 500 },
    )
  })
}
