import type { Digest } from '../../../../src/registry/digest.ts'
import { layerBytes } from '../../../support/layers.ts'
import type { OciClient } from '../../../support/oci-client.ts'

/** A spool that `evictAll` fills. */
export const smallSpool = { LAYERGATE_SPOOL_MAX: '300KiB' }

/** Takes all of a small spool for one layer: every other one that nothing is owed of has to go. */
export function evictAll(client: OciClient): Promise<Digest> {
  return client.push(layerBytes(300 * 1024, 99))
}
