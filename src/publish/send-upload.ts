import type { VerifiedLayer } from '../layers/verified-layer.ts'
import { planParts, resumeAt } from './part-plan.ts'
import type { UploadStep } from './recovery.ts'
import { UpstreamError } from './upstream-error.ts'
import type { Call, Upstream, UpstreamUpload } from './upstream.ts'

/** `parts`: how many the layer needs, 0 where it did not come to that. */
export type UploadResult =
  | { readonly parts: number; readonly error?: never }
  | { readonly parts: number; readonly error: UpstreamError; readonly step: UploadStep }

/**
 * One whole upload of a layer: start, parts in order, complete.
 *
 * @throws the reason of `call.signal`, and what is not the upstream's fault
 */
export async function sendUpload(
  upstream: Upstream,
  call: Call,
  layer: VerifiedLayer,
): Promise<UploadResult> {
  let step: UploadStep = 'start'
  let parts = 0
  try {
    const upload = await upstream.start(call, layer)
    parts = Math.ceil(layer.sizeBytes / upload.partSizeBytes)
    step = 'part'
    let next: number | undefined = 0
    for (let resumes = 0; next !== undefined; resumes += 1) {
      next = await sendParts(upstream, call, upload, layer, next, resumes < maxResumes)
    }
    step = 'complete'
    await upstream.complete(call, upload, layer)
    return { parts }
  } catch (error) {
    if (error instanceof UpstreamError) return { parts, error, step }
    throw error
  }
}

/** How often one upload may go back, or to the same byte again, before it is given up. */
const maxResumes = 3

/** Sends the parts from `from` on. Returns where to go on when the upstream lacks bytes before them. */
async function sendParts(
  upstream: Upstream,
  call: Call,
  upload: UpstreamUpload,
  layer: VerifiedLayer,
  from: number,
  mayResume: boolean,
): Promise<number | undefined> {
  for (const range of planParts(layer.sizeBytes, upload.partSizeBytes, from)) {
    try {
      await upstream.sendPart(call, upload, layer, range)
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.failure !== 'part_out_of_order') throw error
      const next = resumeAt(range, upload.partSizeBytes, error.facts.lastValidByte)
      // Behind this part: it is stored, and only its answer was lost.
      if (next !== undefined && next > range.firstByte) continue
      if (next === undefined || !mayResume) throw error
      return next
    }
  }
  return undefined
}
