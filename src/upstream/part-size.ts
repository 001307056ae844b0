export interface PartLimits {
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxParts: number
}

const mebibyte = 1024 * 1024

/** ECR Public quota page: parts of 5 to 10 MiB, at most 1,000 in a layer. */
export const ecrPublicPartLimits: PartLimits = {
  minBytes: 5 * mebibyte,
  maxBytes: 10 * mebibyte,
  maxParts: 1000,
}

/** The size that InitiateLayerUpload names where the quotas allow it, and never so small that parts run out. */
export function partSizeBytes(namedBytes: number, layerBytes: number, limits: PartLimits): number {
  const allowed = namedBytes >= limits.minBytes && namedBytes <= limits.maxBytes
  return Math.max(allowed ? namedBytes : limits.maxBytes, Math.ceil(layerBytes / limits.maxParts))
}
