import type { Setting } from './settings.ts'
import { parseRate } from './units.ts'

function rate(name: string, what: string, fallback: string): Setting<number> {
  const meaning = `${what} in a second, before the share is taken. Default: ${fallback}.`
  return { name: `LAYERGATE_RATE_${name}`, parse: parseRate, meaning }
}

/** How fast AWS may be called, by the lane that the calls take turns in. */
export const rates = {
  InitiateLayerUpload: rate('INITIATE_LAYER_UPLOAD', 'Layers that are begun', '10'),
  UploadLayerPart: rate('UPLOAD_LAYER_PART', 'Parts of layers that are sent', '260'),
  CompleteLayerUpload: rate('COMPLETE_LAYER_UPLOAD', 'Layers that are completed', '10'),
  BatchCheckLayerAvailability: rate(
    'BATCH_CHECK_LAYER_AVAILABILITY',
    'Questions for layers, of up to a hundred each,',
    '200',
  ),
  PutImage: rate('PUT_IMAGE', 'Manifests that are put', '10'),
  GetAuthorizationToken: rate('GET_AUTHORIZATION_TOKEN', 'Tokens that are fetched', '5'),
  DescribeRegistries: rate(
    'DESCRIBE_REGISTRIES',
    'Calls that ask for the registry, or of which AWS names no quota,',
    '5',
  ),
  RegistryReads: rate('REGISTRY_READS', 'Reads of the registry', '10'),
}

export type RateName = keyof typeof rates
