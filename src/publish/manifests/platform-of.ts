import type { Spool } from '../../layers/spool.ts'
import type { Manifest } from '../../registry/manifest.ts'
import { readConfig } from './read-config.ts'

/** What buildkit puts into an index beside its images (https://github.com/moby/buildkit/blob/v0.23.0/docs/attestations/attestation-storage.md). */
const attestationLayer = 'application/vnd.in-toto+json'

/**
 * What a manifest is for among the children of an index: `attestation`, or the platform of an image as its config names it. `undefined`
 * where that is not known here.
 */
export async function platformOf(
  spool: Pick<Spool, 'open'>,
  { image }: Manifest,
): Promise<string | undefined> {
  if (!image) return undefined
  const { config, layers } = image
  const isAttestation = layers.every(({ mediaType }) => mediaType === attestationLayer)
  if (isAttestation && layers.length > 0) return 'attestation'
  const bytes = await readConfig(spool, config.digest)
  return bytes && platformIn(bytes)
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties */
function platformIn(bytes: Buffer): string | undefined {
  const config = new Map(Object.entries(parseJson(bytes)))
  const [os, architecture, ...others] = ['os', 'architecture', 'variant', 'os.version'].map(
    (name) => {
      const value = config.get(name)
      return typeof value === 'string' ? value : undefined
    },
  )
  if (os === undefined || architecture === undefined) return undefined
  return JSON.stringify([os, architecture, ...others])
}

/** Empty where it is none, or no object. */
function parseJson(bytes: Buffer): object {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof json === 'object' && json !== null ? json : {}
  } catch {
    return {}
  }
}
