import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TakeInflated } from '../../../src/inspect/inflater.ts'
import { createZstdInflater } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { layerBytes } from '../../support/layers.ts'
import { assertVerdict, cutEvery, inflateAll, textBytes } from '../support/inflated.ts'
import {
  handMadeFrame,
  rawBlock,
  repeatedBlock,
  skippableFrame,
  streamedFrame,
  zstdFrame,
} from '../support/zstd-frames.ts'

const create = (take: TakeInflated) => createZstdInflater(take, { maxWindowBytes: 2 ** 27 })
const longText = textBytes(1_000_000)
const randomBytes = layerBytes(300_000)
const smallTexts = Array.from({ length: 500 }, (_, index) => textBytes(index * 7, index + 1))
const abc = Buffer.from('abc')
const zeros = Buffer.alloc(500_000)

for (const [what, file, content] of [
  ['one frame', zstdFrame(abc), abc],
  ['a frame with nothing in it', zstdFrame(Buffer.alloc(0)), ''],
  ['a frame without a checksum', zstdFrame(abc, { hasChecksum: false }), abc],
  ['a frame without its size', zstdFrame(longText, { hasContentSize: false }), longText],
  ['a frame of a stream', await streamedFrame(longText), longText],
  ['a small frame of a stream', await streamedFrame(abc), abc],
  ['a long text', zstdFrame(longText, { level: 19 }), longText],
  ['what cannot be compressed', zstdFrame(randomBytes), randomBytes],
  ['a size of two bytes', zstdFrame(textBytes(300)), textBytes(300)],
  ['a size of four bytes', zstdFrame(zeros), zeros],
  [
    'a size of eight bytes',
    handMadeFrame({ header: [0xe0, 3, 0, 0, 0, 0, 0, 0, 0], blocks: [rawBlock(abc)] }),
    abc,
  ],
  ['a descriptor with the bit that means nothing', handMadeFrame({ header: [0x10, 0x00] }), abc],
  ['a dictionary that is none', handMadeFrame({ header: [0x01, 0x00, 0x00] }), abc],
  [
    'blocks of all kinds, empty ones too',
    handMadeFrame({
      blocks: [
        rawBlock('', false),
        rawBlock('abc', false),
        repeatedBlock(0x64, 900, false),
        rawBlock(''),
      ],
    }),
    `abc${'d'.repeat(900)}`,
  ],
  [
    'several frames',
    Buffer.concat([zstdFrame(abc), zstdFrame(longText), zstdFrame(abc, { hasChecksum: false })]),
    Buffer.concat([abc, longText, abc]),
  ],
  [
    'frames to be skipped, before, between and behind',
    Buffer.concat([
      skippableFrame('before', 0),
      zstdFrame(abc),
      skippableFrame('', 7),
      zstdFrame(longText),
      skippableFrame(longText, 15),
    ]),
    Buffer.concat([abc, longText]),
  ],
  ['a frame to be skipped, alone', skippableFrame('alone'), ''],
  [
    'many small frames',
    Buffer.concat(smallTexts.map((text) => zstdFrame(text))),
    Buffer.concat(smallTexts),
  ],
  [
    'many small frames that do not say their size',
    Buffer.concat(smallTexts.map((text) => zstdFrame(text, { hasContentSize: false }))),
    Buffer.concat(smallTexts),
  ],
  [
    'a frame that is small and inflates to much',
    Buffer.concat([zstdFrame(abc), zstdFrame(zeros), zstdFrame(abc)]),
    Buffer.concat([abc, zeros, abc]),
  ],
] as const) {
  test(`${what}: inflated whole, and in chunks`, async () => {
    const expected = { output: Buffer.from(content) }
    for (const chunkBytes of [file.length, 65_536, 997]) {
      assertVerdict(await inflateAll(create, cutEvery(chunkBytes, file)), expected)
    }
  })
}

test('frames are inflated byte by byte', async () => {
  const frames = [
    skippableFrame('skip'),
    zstdFrame(abc),
    handMadeFrame({}),
    zstdFrame(textBytes(300)),
  ]
  const verdict = await inflateAll(create, cutEvery(1, Buffer.concat(frames)))
  assertVerdict(verdict, { output: Buffer.concat([abc, abc, textBytes(300)]) })
})

test('all that a chunk makes known was handed on when it is taken', async () => {
  let takenBytes = 0
  using inflater = createZstdInflater(
    (bytes) => {
      takenBytes += bytes.length
    },
    { maxWindowBytes: 2 ** 27 },
  )
  const file = zstdFrame(longText)
  await inflater.write(file.subarray(0, -4))
  assert.equal(takenBytes, longText.length)
  await inflater.write(file.subarray(-4))
  await inflater.end()
  assert.equal(takenBytes, longText.length)
})
