import type { ByteRange } from '../registry/byte-range.ts'

/** The parts, in order, that carry a layer from `fromByte` to its end. All but the last are whole. */
export function* planParts(
  sizeBytes: number,
  partSizeBytes: number,
  fromByte = 0,
): Generator<ByteRange> {
  for (let firstByte = fromByte; firstByte < sizeBytes; firstByte += partSizeBytes) {
    yield { firstByte, lastByte: Math.min(firstByte + partSizeBytes, sizeBytes) - 1 }
  }
}

/**
 * Where to go on after a part was refused as out of order: behind it or further on, when it is stored although its answer
 * was lost; at an earlier part, when the upstream lost some. `undefined`: the upload cannot be continued.
 */
export function resumeAt(
  refused: ByteRange,
  partSizeBytes: number,
  lastValidByte: number | undefined,
): number | undefined {
  if (lastValidByte === undefined || lastValidByte < 0) return undefined
  const next = lastValidByte + 1
  return lastValidByte === refused.lastByte || next % partSizeBytes === 0 ? next : undefined
}
