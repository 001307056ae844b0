import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { UpstreamInvalidCause } from '../registry/diagnosis.ts'
import { hasCode, LayergateError } from '../registry/errors.ts'
import type { Published } from './forward-journal.ts'
import { reactTo } from './recovery.ts'
import { UpstreamError } from './upstream-error.ts'
import { sendUpload } from './send-upload.ts'
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
): Promise<FlightResult> {
  let attempts = 0
  let freshUploads = 0
  let integrityFailures = 0
  /** Set once all parts had arrived: from then on an answer may have been lost, or wrong, and the layer be there. */
  let completedParts: number | undefined

  const isPresent = async () => !(await upstream.absent(call, [layer.digest])).has(layer.digest)
  const sent = (parts: number): FlightResult => ({
    published: { alreadyPresent: false, parts, attempts },
    ...(integrityFailures > 0 && { invalid: 'in_transit' }),
  })

  try {
    if (await isPresent()) return { published: { alreadyPresent: true, parts: 0, attempts: 0 } }
    for (;;) {
      attempts += 1
      const result = await sendUpload(upstream, call, layer)
      if (!result.error) return sent(result.parts)

      const { error, step } = result
      if (step === 'complete') completedParts = result.parts
      const reaction = reactTo(error.failure, step, { freshUploads, integrityFailures })
      if (error.failure === 'invalid_layer') integrityFailures += 1
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
