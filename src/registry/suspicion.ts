import type { Evidence, FlawCause } from './diagnosis.ts'
import type { Contents, Findings } from './findings.ts'

/** Why bytes are refused where an image names them as a layer. */
export interface Suspicion {
  readonly cause: FlawCause | 'not_a_layer'
  /** One sentence about this very case. */
  readonly detail: string
  readonly evidence: Evidence
}

/**
 * Why a blob is kept back until a manifest gives its role: as a layer it would be refused, and hardly anybody means it for anything else.
 * Opaque bytes are not suspected, since configs, signatures and models are.
 */
export function suspicionOf(findings: Findings): Suspicion | undefined {
  const { flaw, unexamined, compression, contents } = findings
  if (flaw || unexamined) return flaw
  const isSuspected = compression !== 'none' || contents === 'html' || contents === 'base64'
  return isSuspected ? notALayer(findings) : undefined
}

/** What no container runtime could unpack, as it is no tar archive. */
export function notALayer({ contents, compression }: Findings): Suspicion | undefined {
  if (contents === 'tar') return undefined
  const where = compression === 'none' ? '' : `Without its ${compression} compression: `
  return {
    cause: 'not_a_layer',
    detail: `${where}${wordsFor[contents]}`,
    evidence: { contents, compression },
  }
}

const wordsFor: Readonly<Record<Exclude<Contents, 'tar'>, string>> = {
  html: 'It is an HTML page, and no tar archive.',
  base64: 'It is base64 text, and no tar archive.',
  opaque: 'It is no tar archive.',
  empty: 'There is nothing in it, and so it is no tar archive.',
}
