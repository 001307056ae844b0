import type { OciAnswer } from '../../../support/oci-client.ts'

/** An answer that is still to come, and whether it has. */
export function pending(answer: Promise<OciAnswer>) {
  const state = { hasCome: false, answer }
  void look()
  return state

  async function look(): Promise<void> {
    await Promise.allSettled([answer])
    state.hasCome = true
  }
}
