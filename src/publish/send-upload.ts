import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { StartedUpload } from './forward-journal.ts'
import { planParts, resumeAt } from './part-plan.ts'
import type { UploadStep } from './recovery.ts'
import { UpstreamError } from './upstream-error.ts'
import type { Call, Upstream, UpstreamUpload } from './upstream.ts'

/** `parts`: how many the layer needs, 0 where it did not come to that. */
export type UploadResult =
  | { readonly parts: number; readonly error?: never }
  | { readonly parts: number; readonly error: UpstreamError; readonly step: UploadStep }

/** What is kept of an upload, so that a later one can go on where it stopped. */
export interface UploadLog {
  /** What an earlier upload left; it is gone on with. */
  readonly started?: StartedUpload | undefined
  readonly note: (upload: StartedUpload) => void
}

/**
 * One upload of a layer to its end: start or go on, parts in order, complete.
 *
 * @throws the reason of `call.signal`, and what is not the upstream's fault
 */
export async function sendUpload(
  upstream: Upstream,
  call: Call,
  layer: VerifiedLayer,
  { started, note }: UploadLog,
): Promise<UploadResult> {
  let step: UploadStep = 'start'
  let parts = 0
  try {
    const upload = started ?? (await upstream.start(call, layer))
    parts = partCount(layer, upload)
    step = 'part'
    let next: number | undefined = started?.sentBytes ?? 0
    if (!started) note({ ...upload, sentBytes: next })
    for (let resumes = 0; next !== undefined; resumes += 1) {
      const sending: PartsToSend = { upload, note, mayResume: resumes < maxResumes }
      next = await sendParts(upstream, call, layer, next, sending)
    }
    step = 'complete'
    await upstream.complete(call, upload, layer)
    return { parts }
  } catch (error) {
    if (error instanceof UpstreamError) return { parts, error, step }
    throw error
  }
}

export function partCount({ sizeBytes }: VerifiedLayer, { partSizeBytes }: UpstreamUpload): number {
  return Math.ceil(sizeBytes / partSizeBytes)
}

/** How often one upload may go back, or to the same byte again, before it is given up. */
const maxResumes = 3

interface PartsToSend {
  readonly upload: UpstreamUpload
  readonly note: UploadLog['note']
  readonly mayResume: boolean
}

/** Sends the parts from `from` on. Returns where to go on when the upstream says that it has another number of bytes. */
async function sendParts(
  upstream: Upstream,
  call: Call,
  layer: VerifiedLayer,
  from: number,
  { upload, note, mayResume }: PartsToSend,
): Promise<number | undefined> {
  const { id, partSizeBytes } = upload
  for (const range of planParts(layer.sizeBytes, partSizeBytes, from)) {
    try {
      await upstream.sendPart(call, upload, layer, range)
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.failure !== 'part_out_of_order') throw error
      const next = resumeAt(range, partSizeBytes, error.facts.lastValidByte)
      // Right behind this part: it is stored, and only its answer was lost.
      if (next !== range.lastByte + 1) {
        if (next === undefined || !mayResume) throw error
        return next
      }
    }
    note({ id, partSizeBytes, sentBytes: range.lastByte + 1 })
  }
  return undefined
}
