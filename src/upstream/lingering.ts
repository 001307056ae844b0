/**
 * A signal that aborts `ms` later than `signal`, with the same reason: for what is better ended than cut off. Disposing of it ends the
 * wait.
 */
export function lingering(signal: AbortSignal, ms: number): Disposable & { signal: AbortSignal } {
  const end = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const linger = () => {
    timer = setTimeout(() => end.abort(signal.reason), ms)
  }
  signal.addEventListener('abort', linger, { once: true })
  return {
    signal: end.signal,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', linger)
      clearTimeout(timer)
    },
  }
}
