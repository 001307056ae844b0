import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TakeInflated } from '../../../src/inspect/inflater.ts'
import { createZstdInflater } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { layerBytes } from '../../support/layers.ts'
import { cutEvery, inflateAll, withFlippedBit } from '../support/inflated.ts'
import {
  blockHeader,
  handMadeFrame,
  rawBlock,
  repeatedBlock,
  skippableFrame,
  zstdFrame,
} from '../support/zstd-frames.ts'

const create = (take: TakeInflated) => createZstdInflater(take, { maxWindowBytes: 2 ** 27 })
const first = zstdFrame(Buffer.from('first'))
const second = zstdFrame(Buffer.from('second'))
const place = { frame: 2, offset: first.length }
const name = `zstd frame 2, which begins at byte ${first.length}`
const end = first.length + second.length
const corrupted = 'Data corruption detected'

function behindFirst(bytes: Buffer): Buffer {
  return Buffer.concat([first, bytes])
}

interface Case {
  readonly file: Buffer
  readonly output: string
  readonly detail: string
  readonly evidence: Readonly<Record<string, string | number>>
}

const endsEarly = {
  detail: `The file ends within ${name}.`,
  evidence: { problem: 'ends_early', ...place },
}
const damaged = {
  detail: `The data of ${name}, cannot be inflated: ${corrupted}.`,
  evidence: { problem: 'data', ...place, reason: corrupted },
}

const cases: Readonly<Record<string, Case>> = {
  'no byte at all': {
    file: Buffer.alloc(0),
    output: '',
    detail: 'The file ends within zstd frame 1, which begins at byte 0.',
    evidence: { problem: 'ends_early', frame: 1, offset: 0 },
  },
  'an end within the magic number': {
    file: behindFirst(second.subarray(0, 3)),
    output: 'first',
    ...endsEarly,
  },
  'an end within the header': {
    file: behindFirst(second.subarray(0, 5)),
    output: 'first',
    ...endsEarly,
  },
  'an end behind a block that is not the last': {
    file: behindFirst(handMadeFrame({ blocks: [rawBlock('abc', false)] })),
    output: 'firstabc',
    ...endsEarly,
  },
  'an end within a block': {
    file: behindFirst(
      handMadeFrame({ blocks: [rawBlock('abc', false), rawBlock('def').subarray(0, 5)] }),
    ),
    output: 'firstabcde',
    ...endsEarly,
  },
  'an end within the checksum': {
    file: behindFirst(second.subarray(0, -1)),
    output: 'firstsecond',
    ...endsEarly,
  },
  'an end within a frame to be skipped': {
    file: behindFirst(skippableFrame('skipped').subarray(0, -1)),
    output: 'first',
    ...endsEarly,
  },
  'an end within the length of a frame to be skipped': {
    file: behindFirst(skippableFrame('').subarray(0, 7)),
    output: 'first',
    ...endsEarly,
  },
  'a zero behind the last frame': {
    file: Buffer.concat([first, second, Buffer.alloc(1)]),
    output: 'firstsecond',
    detail: `Behind zstd frame 2, from byte ${end} on, lies something else.`,
    evidence: { problem: 'trailing_bytes', frames: 2, endBytes: end },
  },
  'something that begins as a frame does': {
    file: Buffer.concat([first, second, Buffer.from('28b52f00', 'hex')]),
    output: 'firstsecond',
    detail: `Behind zstd frame 2, from byte ${end} on, lies something else.`,
    evidence: { problem: 'trailing_bytes', frames: 2, endBytes: end },
  },
  'something that begins as a frame to be skipped does': {
    file: Buffer.concat([first, second, Buffer.from('5f2a4e', 'hex')]),
    output: 'firstsecond',
    detail: `Behind zstd frame 2, from byte ${end} on, lies something else.`,
    evidence: { problem: 'trailing_bytes', frames: 2, endBytes: end },
  },
  'another checksum': {
    file: behindFirst(withFlippedBit(second, 8 * (second.length - 1))),
    output: 'firstsecond',
    detail: `The checksum of ${name}, is wrong.`,
    evidence: { problem: 'checksum', ...place },
  },
  'a block of the type that there is not': {
    file: behindFirst(handMadeFrame({ blocks: [blockHeader(3, 1, true), Buffer.from('a')] })),
    output: 'first',
    ...damaged,
  },
  'a block that is larger than the window': {
    file: behindFirst(handMadeFrame({ blocks: [rawBlock(Buffer.alloc(1025))] })),
    output: 'first',
    ...damaged,
  },
  'a block that repeats its byte too often': {
    file: behindFirst(handMadeFrame({ blocks: [repeatedBlock(0x61, 1025)] })),
    output: 'first',
    ...damaged,
  },
  'less than the size that it says': {
    file: behindFirst(handMadeFrame({ header: [0x20, 4] })),
    output: 'firstabc',
    ...damaged,
  },
  'more than the size that it says': {
    file: behindFirst(handMadeFrame({ header: [0x20, 2] })),
    output: 'first',
    ...damaged,
  },
  'another magic number': {
    file: Buffer.from('27b52ffd', 'hex'),
    output: '',
    detail: 'The header of zstd frame 1, which begins at byte 0, lacks the magic number.',
    evidence: { problem: 'header', frame: 1, offset: 0, field: 'magic' },
  },
  'the reserved bit': {
    file: behindFirst(handMadeFrame({ header: [0x08, 0x00] })),
    output: 'first',
    detail: `The header of ${name}, has a bit that is reserved.`,
    evidence: { problem: 'header', ...place, field: 'descriptor' },
  },
  'a dictionary': {
    file: behindFirst(handMadeFrame({ header: [0x02, 0x00, 9, 1] })),
    output: 'first',
    detail: `The header of ${name}, asks for a dictionary.`,
    evidence: { problem: 'header', ...place, field: 'dictionary', actual: 265 },
  },
}

for (const [what, { file, output, detail, evidence }] of Object.entries(cases)) {
  test(`${what} is told with its place, whole and byte by byte`, async () => {
    const flaw = { cause: 'malformed_zstd', detail, evidence }
    for (const chunks of [[file], cutEvery(1, file)]) {
      const verdict = await inflateAll(create, chunks)
      assert.deepEqual(verdict.flaw, flaw)
      const vague = evidence['problem'] === 'checksum' || evidence['problem'] === 'data'
      if (vague) assert.ok(output.startsWith(verdict.output.toString()))
      else assert.equal(verdict.output.toString(), output)
    }
  })
}

for (const [how, sizeBytes] of [
  ['small', 100],
  ['large', 500_000],
] as const) {
  test(`damage within a ${how} frame is found behind a thousand good ones`, async () => {
    const good = Buffer.concat(
      Array.from({ length: 1000 }, (_, index) => zstdFrame(Buffer.from(`${index}`))),
    )
    const damagedFrame = withFlippedBit(zstdFrame(layerBytes(sizeBytes)), 4 * sizeBytes)
    const { flaw } = await inflateAll(create, [Buffer.concat([good, damagedFrame, first])])
    assert.equal(flaw?.evidence['frame'], 1001)
    assert.equal(flaw.evidence['offset'], good.length)
  })
}
