/**
 * The digests of an image's layers as they are without compression, as its config lists them; `undefined` where it lists none. Only
 * what proves the config to be broken is `unreadable`: that it is no JSON object, or its list no list of texts
 * (https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties).
 */
export function parseDiffIds(bytes: Uint8Array): readonly string[] | 'unreadable' | undefined {
  const config = parseJson(bytes)
  if (!isObject(config)) return 'unreadable'
  const rootfs = config['rootfs'] ?? {}
  if (!isObject(rootfs)) return 'unreadable'
  // `null` is how Go writes a list that was never filled.
  const diffIds = rootfs['diff_ids'] ?? []
  if (!Array.isArray(diffIds) || !diffIds.every((each) => typeof each === 'string')) {
    return 'unreadable'
  }
  return diffIds.length > 0 ? diffIds : undefined
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    // As Go reads it, in which those who unpack images are written: bytes that are no UTF-8 pass, a byte order mark does not.
    return JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
