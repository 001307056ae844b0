/**
 * Takes compressed bytes one after the other and hands on what lies inside of them. Its own checks are those of the format: structure,
 * checksums, lengths, and that nothing else follows.
 */
export interface Inflater extends Disposable {
  /**
   * Resolves when all of `chunk` was taken, and is not needed any more.
   *
   * @throws Malformed
   * @throws BeyondLimit
   * @throws what the taker throws
   */
  write(chunk: Uint8Array): Promise<void>
  /**
   * No more bytes will come.
   *
   * @throws Malformed when they end too early
   */
  end(): Promise<void>
}

/** Gets what was inflated, in order. The bytes are valid during the call alone. */
export type TakeInflated = (bytes: Uint8Array) => void
