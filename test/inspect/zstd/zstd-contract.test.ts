import { createZstdInflater } from '../../../src/inspect/zstd/zstd-inflater.ts'
import { testInflater } from '../support/inflater-contract.ts'
import { zstdFrame } from '../support/zstd-frames.ts'

testInflater({
  create: (take) => createZstdInflater(take, { maxWindowBytes: 2 ** 27 }),
  compress: (content) => zstdFrame(content),
  enginesOfSmallParts: 0,
})
