/** One behind the other; the last may be shorter. */
export function* slicesOf(bytes: Buffer, sliceBytes: number): Generator<Buffer> {
  for (let start = 0; start < bytes.byteLength; start += sliceBytes) {
    yield bytes.subarray(start, start + sliceBytes)
  }
}
