import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import { createInspector } from './inspect/inspector.ts'
import { defaultLimits } from './inspect/limits.ts'
import type { Inspector } from './layers/inspector.ts'
import type { LayerFindings } from './layers/layer-findings.ts'
import type { ForwardError } from './publish/forward-journal.ts'
import type { Digest } from './registry/digest.ts'
import { unexamined } from './registry/findings.ts'
import { suspicionOf } from './registry/suspicion.ts'
import type { UploadId } from './registry/upload-id.ts'
import type { Timing } from './wiring-parts.ts'

export interface Inspection {
  readonly inspector: Inspector
  close(): Promise<void>
}

/** Why a layer that lies here is to be held where it is mounted. */
export function holdOf(
  kept: Pick<LayerFindings, 'of'>,
  { mode }: Config['inspect'],
): (digest: Digest, heldFor: ForwardError | undefined) => Promise<ForwardError | undefined> {
  return async (digest, heldFor) => {
    if (mode !== 'enforce') return undefined
    if (heldFor) return heldFor
    const findings = (await kept.of([digest])).get(digest)
    const suspicion = findings && suspicionOf(findings)
    return suspicion && { code: suspicion.cause, detail: suspicion.detail }
  }
}

/** The inspection as it is configured. Diagnoses are made however that is: a refusal explains itself. */
export function createInspection(
  { mode, maxRatio, maxInflatedBytes, maxEntries }: Config['inspect'],
  timing: Timing,
  locate: (bytes: UploadId | Digest) => string | undefined,
  logger: Logger,
): Inspection {
  const running = createInspector({
    ...timing,
    limits: { ...defaultLimits, maxRatio, maxInflatedBytes, maxEntries },
    locate,
    onFailure: (error) => logger.error({ err: error }, 'a layer could not be looked into'),
  })
  const close = () => running.close()
  if (mode !== 'off') return { inspector: running, close }
  const inspector: Inspector = {
    follow: () => Promise.resolve(),
    inspect: () => Promise.resolve(unexamined('off')),
    forget() {},
    diagnose: running.diagnose,
  }
  return { inspector, close }
}
