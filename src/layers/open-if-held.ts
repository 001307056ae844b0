import type { Digest } from '../registry/digest.ts'
import { hasCode } from '../registry/errors.ts'
import type { Spool, SpoolReader } from './spool.ts'

/** Opens a sealed layer that may be gone, or go at any moment: while it is open it stays. */
export async function openIfHeld(
  spool: Pick<Spool, 'open'>,
  digest: Digest,
): Promise<SpoolReader | undefined> {
  try {
    return await spool.open(digest)
  } catch (error) {
    if (hasCode(error, 'spool_damaged')) return undefined
    throw error
  }
}
