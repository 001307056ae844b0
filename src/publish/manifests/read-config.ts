import { createHash } from 'node:crypto'
import { openIfHeld } from '../../layers/open-if-held.ts'
import type { Spool } from '../../layers/spool.ts'
import { type Digest, sha256Digest } from '../../registry/digest.ts'

/** What tools write is some 10 KiB. More than this would keep the process from its other work for too long. */
const maxConfigBytes = 256 * 1024

/** The bytes of a config that lies here; `undefined` also where it is too large, or does not lie here any more. */
export async function readConfig(
  spool: Pick<Spool, 'open'>,
  digest: Digest,
): Promise<Buffer | undefined> {
  await using config = await openIfHeld(spool, digest)
  if (!config || config.sizeBytes > maxConfigBytes) return undefined
  const bytes = Buffer.alloc(config.sizeBytes)
  await config.read(bytes, 0)
  // Bytes that have changed on our disk prove nothing.
  const isWhole = sha256Digest(createHash('sha256').update(bytes).digest('hex')) === digest
  return isWhole ? bytes : undefined
}
