import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { Search } from './search.ts'

/**
 * The digest that was announced is that of what lies inside of the compression. Of a tar archive somebody took the diff_id; anything
 * else was compressed on its way, twice perhaps. Where both can be, the bytes are the same, and the first is far more frequent.
 */
export function innerDigestGiven({ received, expected, findings }: Search): Diagnosis | undefined {
  const { diffId, compression, contents, inflatedBytes } = findings
  if (diffId !== expected || compression === 'none') return undefined
  return diagnosis(contents === 'tar' ? 'diff_id_given' : 'content_encoded', {
    receivedBytes: received.sizeBytes,
    layerBytes: inflatedBytes,
    coding: compression,
    matchingDigest: expected,
  })
}

/** What came is what lies inside of the layer that was announced. */
export function innerBytesSent({ received, expectedFindings }: Search): Diagnosis | undefined {
  if (expectedFindings?.diffId !== received.digest) return undefined
  return diagnosis('sent_uncompressed', {
    receivedBytes: received.sizeBytes,
    coding: expectedFindings.compression,
    matchingDigest: received.digest,
  })
}
