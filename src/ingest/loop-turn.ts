/** All bodies together, in one turn of the event loop: half a millisecond of hashing. */
const turnBytes = 512 * 1024

let leftBytes = turnBytes
let nextTurn: Promise<void> | undefined

/**
 * Whether bytes that were taken leave something of this turn of the event loop to others; otherwise resolves in the next one. A socket that
 * has more is read up to 32 times in one turn (libuv, src/unix/stream.c, `uv__read`): a few fast bodies would keep all else waiting for
 * tens of milliseconds. There is one event loop in a thread, hence one count.
 */
export function takeOfTurn(bytes: number): Promise<void> | undefined {
  leftBytes -= bytes
  nextTurn ??= new Promise((resolve) => {
    setImmediate(() => {
      leftBytes = turnBytes
      nextTurn = undefined
      resolve()
    })
  })
  return leftBytes > 0 ? undefined : nextTurn
}
