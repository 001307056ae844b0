import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { UpstreamInvalidCause } from '../registry/diagnosis.ts'
import { hasCode, LayergateError } from '../registry/errors.ts'
import type { Published, StartedUpload } from './forward-journal.ts'
import { reactTo } from './recovery.ts'
import { UpstreamError } from './upstream-error.ts'
import { partCount, sendUpload } from './send-upload.ts'
import type { Call, Upstream } from './upstream.ts'

export interface PublishPorts {
  readonly upstream: Upstream
  /** Whether the spooled bytes still have the layer's digest. */
  recheck(layer: VerifiedLayer, signal: AbortSignal): Promise<boolean>
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export type FlightResult = (
  | { readonly published: Published }
  | { readonly failed: unknown; readonly attempts: number }
) & {
  /** Set when AWS called the layer invalid, and this flight has shown why. */
  readonly invalid?: UpstreamInvalidCause
}

/** What earlier flights of the same layer left, and what is kept for later ones. */
export interface FlightLog {
  /** To go on with. */
  readonly started?: StartedUpload | undefined
  /** Whether the attempt that `started` belongs to was counted when its flight ended. */
  readonly isCounted: boolean
  /** `undefined`: whoever comes next starts from the first byte. */
  readonly note: (upload: StartedUpload | undefined) => void
}

/**
 * Carries one layer upstream, unless it is there already. Single calls are retried below this; here are
 * the reactions that change the plan.
 *
 * @throws the reason of `call.signal`
 */
export async function publishLayer(
  { upstream, recheck, sleep }: PublishPorts,
  call: Call,
  layer: VerifiedLayer,
  log: FlightLog,
): Promise<FlightResult> {
  let { started } = log
  let attempts = started && !log.isCounted ? 1 : 0
  let freshUploads = 0
  let integrityFailures = 0
  /** Set once all parts had arrived: from then on an answer may have been lost, or wrong, and the layer be there. */
  let completedParts = started && isSent(layer, started) ? partCount(layer, started) : undefined

  const isPresent = async () => !(await upstream.absent(call, [layer.digest])).has(layer.digest)
  const sent = (parts: number): FlightResult => ({
    published: { alreadyPresent: false, parts, attempts },
    ...(integrityFailures > 0 && { invalid: 'in_transit' }),
  })

  try {
    if (await isPresent()) {
      if (completedParts !== undefined) return sent(completedParts)
      return { published: { alreadyPresent: true, parts: 0, attempts: 0 } }
    }
    for (;;) {
      if (!started) attempts += 1
      const result = await sendUpload(upstream, call, layer, { started, note: log.note })
      if (!result.error) return sent(result.parts)

      const { error, step } = result
      if (step === 'complete') completedParts = result.parts
      const reaction = reactTo(error.failure, step, { freshUploads, integrityFailures })
      if (error.failure === 'invalid_layer') integrityFailures += 1
      started = undefined
      if (isSpent(error)) log.note(undefined)
      if (reaction.do === 'resend') {
        if (!(await recheck(layer, call.signal))) throw damaged(layer, error)
        await sleep(reaction.waitMs, call.signal)
        continue
      }
      if (reaction.unlessPresent && (await isPresent())) return sent(result.parts)
      if (reaction.do === 'fail') throw error
      freshUploads += 1
    }
  } catch (failed) {
    call.signal.throwIfAborted()
    if (completedParts !== undefined && (await isPresent().catch(() => false))) {
      return sent(completedParts)
    }
    call.signal.throwIfAborted()
    return { failed, attempts, ...(integrityFailures > 0 && invalidBecause(failed)) }
  }
}

function isSent({ sizeBytes }: VerifiedLayer, { sentBytes }: StartedUpload): boolean {
  return sentBytes >= sizeBytes
}

/** Whether no flight can go on with the upload. */
function isSpent({ failure }: UpstreamError): boolean {
  return (
    failure === 'invalid_layer' || failure === 'upload_unknown' || failure === 'part_out_of_order'
  )
}

/** Any other end leaves it open why AWS called the layer invalid before. */
function invalidBecause(failed: unknown): { readonly invalid?: UpstreamInvalidCause } {
  if (failed instanceof UpstreamError && failed.failure === 'invalid_layer') {
    return { invalid: 'unresolved' }
  }
  const isDamaged = hasCode(failed, 'spool_damaged')
  return isDamaged ? { invalid: 'spool_damaged' } : {}
}

function damaged(layer: VerifiedLayer, cause: unknown): LayergateError {
  const detail = `The spooled bytes of ${layer.digest} changed on disk.`
  return new LayergateError('spool_damaged', detail, { cause })
}
