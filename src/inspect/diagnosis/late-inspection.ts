import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { Findings, UnexaminedReason } from '../../registry/findings.ts'
import type { ByteFile } from '../byte-file.ts'
import { createLayerInspection } from '../layer-inspection.ts'
import { defaultLimits } from '../limits.ts'
import { sniffCompression } from '../sniff.ts'
import { innerDigestGiven } from './inner-digest.ts'
import { chunksOf, readRange, type Search } from './search.ts'
import { streamEndsEarly } from './stream-ends-early.ts'
import { isTarHeader } from './tar-end.ts'
import { trailingBytes } from './trailing-bytes.ts'

/** Reasons that say nothing about the layer: what was not looked at then may be looked at now. */
const passingReasons: ReadonlySet<UnexaminedReason> = new Set(['time', 'failed', 'off'])

/** What lies inside of compressed bytes that were not looked at before: of those that came, and of the good copy. */
export async function inspectedNow(search: Search): Promise<Diagnosis | undefined> {
  const { file, received, findings, goodCopy } = search
  const isUnknown = findings.unexamined && passingReasons.has(findings.unexamined)
  if (isUnknown && sniffCompression(search.head()) !== 'none') {
    const inspected = { ...search, findings: await inspect(search, file, received.sizeBytes) }
    return (
      innerDigestGiven(inspected) ??
      (await trailingBytes(inspected)) ??
      (await streamEndsEarly(inspected))
    )
  }
  if (goodCopy && !search.expectedFindings?.diffId && isTarHeader(search.head())) {
    return sentInnerBytesOf(search, goodCopy)
  }
  return undefined
}

async function sentInnerBytesOf(
  search: Search,
  goodCopy: ByteFile,
): Promise<Diagnosis | undefined> {
  const { received } = search
  const { sizeBytes } = goodCopy
  const compression = sniffCompression(readRange(goodCopy, 0, Math.min(4, sizeBytes)))
  if (compression === 'none') return undefined
  const { diffId } = await inspect(search, goodCopy, sizeBytes)
  if (diffId !== received.digest) return undefined
  return diagnosis('sent_uncompressed', {
    receivedBytes: received.sizeBytes,
    coding: compression,
    matchingDigest: received.digest,
  })
}

async function inspect(search: Search, file: ByteFile, sizeBytes: number): Promise<Findings> {
  return search.alone(async () => {
    using inspection = createLayerInspection(defaultLimits)
    for await (const chunk of chunksOf(search, file, 0, sizeBytes)) {
      if (inspection.isDecided) break
      await inspection.write(chunk)
    }
    return await inspection.end()
  })
}
