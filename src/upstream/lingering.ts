/**
 * A signal that aborts `ms` later than `signal`, with the same reason: for what is better ended than cut off. Where `signal`
 * has aborted before, nothing has begun, and this one has too. Disposing of it ends the wait.
 */
export function lingering(signal: AbortSignal, ms: number): Disposable & { signal: AbortSignal } {
  const end = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const stop = () => end.abort(signal.reason)
  const linger = () => {
    if (ms === 0) stop()
    else timer = setTimeout(stop, ms)
  }
  signal.addEventListener('abort', linger, { once: true })
  if (signal.aborted) stop()
  return {
    signal: end.signal,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', linger)
      clearTimeout(timer)
    },
  }
}
