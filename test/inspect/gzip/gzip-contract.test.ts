import { gzipSync } from 'node:zlib'
import { createGzipInflater } from '../../../src/inspect/gzip/gzip-inflater.ts'
import { testInflater } from '../support/inflater-contract.ts'

testInflater({
  create: createGzipInflater,
  compress: (content) => gzipSync(content),
  // Only behind a small member, a small one is expected.
  enginesOfSmallParts: 1,
})
