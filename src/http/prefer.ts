/** How long `POST /v1/layers` waits for AWS when the client does not say. Load balancers cut silence at 60 s. */
export const defaultWaitMs = 25_000
const maxWaitMs = 10 * 60_000

export interface WaitPreference {
  readonly waitMs: number
  /** For the `Preference-Applied` header. */
  readonly applied?: string
}

/**
 * What a `Prefer` header asks of us: `respond-async`, `wait=N` in seconds, or both
 * (https://www.rfc-editor.org/rfc/rfc7240#section-4). What is not understood is ignored, as the RFC wants.
 */
export function waitPreference(header: string | readonly string[] | undefined): WaitPreference {
  const preferences = [header ?? []].flat().join(',').toLowerCase().split(',')
  for (const preference of preferences) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d{1,6})"?\s*(;|$)/.exec(preference) ?? []
    if (seconds !== undefined) {
      const waitMs = Math.min(Number(seconds) * 1000, maxWaitMs)
      return { waitMs, applied: `wait=${waitMs / 1000}` }
    }
  }
  const isAsync = preferences.some((preference) => /^\s*respond-async\s*(;|$)/.test(preference))
  return isAsync ? { waitMs: 0, applied: 'respond-async' } : { waitMs: defaultWaitMs }
}
