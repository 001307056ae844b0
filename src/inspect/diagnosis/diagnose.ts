import { type Diagnosis, diagnosis, type Evidence } from '../../registry/diagnosis.ts'
import { base64Body } from './base64-body.ts'
import { contentEncoded } from './content-encoded.ts'
import { empty } from './empty.ts'
import { comparedWithGoodCopy } from './good-copy.ts'
import { innerBytesSent, innerDigestGiven } from './inner-digest.ts'
import { inspectedNow } from './late-inspection.ts'
import type { MismatchBytes } from './mismatch-bytes.ts'
import { multipartBody } from './multipart-body.ts'
import { type Cause, createSearch, OutOfTime, type Alone } from './search.ts'
import { streamEndsEarly } from './stream-ends-early.ts'
import { textMangled } from './text-mangled.ts'
import { trailingBytes } from './trailing-bytes.ts'

export type { MismatchBytes } from './mismatch-bytes.ts'
export type { Alone } from './search.ts'

/** The cheapest and surest come first. The first three read nothing. */
const causes: readonly Cause[] = [
  empty,
  innerDigestGiven,
  innerBytesSent,
  comparedWithGoodCopy,
  multipartBody,
  base64Body,
  trailingBytes,
  streamEndsEarly,
  textMangled,
  inspectedNow,
  contentEncoded,
]

/**
 * Names the cause that the bytes prove, and `unknown` where they prove none. Reading blocks, for some milliseconds at a time. Memory is
 * bounded, whatever the size of the files.
 *
 * @param hasTime asked now and then: false ends the search
 * @returns `unknown` also where the files cannot be read; it never rejects
 */
export async function diagnoseMismatch(
  bytes: MismatchBytes,
  hasTime: () => boolean,
  alone: Alone = async (task) => task(),
): Promise<Diagnosis> {
  const notes: Record<string, string | number> = {}
  const search = createSearch(
    bytes,
    hasTime,
    alone,
    (evidence) => void Object.assign(notes, evidence),
  )
  try {
    for (const findCause of causes) {
      const found = await findCause(search)
      if (found) return found
    }
    return withoutCause(bytes, notes)
  } catch (error) {
    const reason = error instanceof OutOfTime ? { ranOutOfTime: 1 } : { unreadable: 1 }
    return withoutCause(bytes, { ...notes, ...reason })
  }
}

/** That these are the bytes of another layer is known without a search, but tells less than what a search may find. */
function withoutCause(bytes: MismatchBytes, notes: Evidence): Diagnosis {
  const { received, findings, isOtherLayer } = bytes
  const receivedBytes = received.sizeBytes
  if (isOtherLayer) {
    return diagnosis('other_layer', { receivedBytes, matchingDigest: received.digest, ...notes })
  }
  const { compression, contents, flaw, unexamined } = findings
  return diagnosis('unknown', {
    receivedBytes,
    ...(!unexamined && { compression, contents }),
    ...(flaw?.evidence['problem'] !== undefined && { problem: flaw.evidence['problem'] }),
    ...notes,
  })
}
