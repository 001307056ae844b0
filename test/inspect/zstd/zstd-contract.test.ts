import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createZstdInflater } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { countTurns, testInflater } from '../support/inflater-contract.ts'
import { skippableFrame, zstdFrame } from '../support/zstd-frames.ts'

const limits = { maxWindowBytes: 2 ** 27 }

testInflater({
  create: (take) => createZstdInflater(take, limits),
  compress: (content) => zstdFrame(content),
  enginesOfSmallParts: 0,
})

test('others have their turns while many small frames are skipped', async () => {
  using inflater = createZstdInflater(() => undefined, limits)
  const file = Buffer.concat(Array.from({ length: 3000 }, () => skippableFrame('')))
  const turns = await countTurns(() => inflater.write(file))
  assert.ok(turns >= 8, `${turns} turns`)
})
