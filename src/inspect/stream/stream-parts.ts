import { type CompressedInput, InputEnded } from './compressed-input.ts'
import { DamagedData } from './native-inflater.ts'
import { damagedData, endsEarly, type StreamPart } from './stream-flaw.ts'

/**
 * Reads a file that is made of parts, one at least, from its first byte to its last.
 *
 * @throws Malformed `ends_early`, `data`
 * @throws what `readPart` throws
 */
export async function readParts(
  format: StreamPart['format'],
  input: CompressedInput,
  readPart: (part: StreamPart) => Promise<void>,
): Promise<void> {
  for (let number = 1; number === 1 || (await input.hasMore()); number += 1) {
    const part: StreamPart = { format, number, offset: input.offset }
    try {
      await readPart(part)
    } catch (error) {
      if (error instanceof InputEnded) throw endsEarly(part)
      if (error instanceof DamagedData) throw damagedData(part, error.message)
      throw error
    }
  }
}
