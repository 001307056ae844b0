import { createHash, timingSafeEqual } from 'node:crypto'
import type { PolicyAgent } from '../policy/policy.ts'

export interface StaticMatch {
  /** As the policy names it. */
  readonly agent: string
  /** As the policy has it: SHA-256, hexadecimal. */
  readonly tokenHash: string
}

/** Whose token it is. All hashes are compared to the end, so that the time tells nothing. */
export function findAgent(agents: readonly PolicyAgent[], token: string): StaticMatch | undefined {
  const actual = createHash('sha256').update(token, 'utf8').digest()
  let match: StaticMatch | undefined
  for (const { name: agent, tokenHashes } of agents) {
    for (const tokenHash of tokenHashes) {
      if (timingSafeEqual(actual, Buffer.from(tokenHash, 'hex'))) match = { agent, tokenHash }
    }
  }
  return match
}
