import type { Readable } from 'node:stream'
import { LayergateError } from '../registry/errors.ts'
import { consume } from './consume.ts'

/** On average over so many idle times. A client that sends less holds a place, and room in the spool, for next to nothing. */
const leastBytesPerSecond = 256
const averagedIdleTimes = 5
/** Longer delays of a timer overflow (https://nodejs.org/api/timers.html#settimeoutcallback-delay-args). */
const longestDelayMs = 2 ** 31 - 1
/** We have kept the client waiting: its average says nothing. */
const longPauseMs = 1_000

/**
 * `consume`, with an end to a client that sends nothing, or next to nothing, for too long while we are ready to read.
 *
 * @throws LayergateError `idle_timeout`, `client_aborted`
 * @throws what `take` throws, the reason of `signal`, and errors of the body that are not the connection's end
 */
export async function consumeTimely(
  body: Readable,
  take: (chunk: Buffer) => Promise<void>,
  idleTimeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  let cameBytes = 0
  let isOurPause = false
  const idle = new AbortController()
  let look: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    if (isOurPause) {
      timer.refresh()
      return
    }
    const seenBytes = cameBytes
    // Behind what the socket has: after a standstill of the whole process the timer comes first, and bytes lie there unread.
    look = setImmediate(() => {
      if (cameBytes > seenBytes) timer.refresh()
      else idle.abort(idleTimeout(cameBytes, idleTimeoutMs))
    })
  }, idleTimeoutMs)

  let countedBytes = 0
  let wasKeptWaiting = false
  const countMs = Math.min(averagedIdleTimes * idleTimeoutMs, longestDelayMs)
  const count = setTimeout(() => {
    const bytes = cameBytes - countedBytes
    const isDripping = bytes < (countMs / 1000) * leastBytesPerSecond
    if (isDripping && !isOurPause && !wasKeptWaiting) idle.abort(dripping(bytes, countMs))
    countedBytes = cameBytes
    wasKeptWaiting = isOurPause
    count.refresh()
  }, countMs)

  async function takeTimely(chunk: Buffer): Promise<void> {
    const startedAtMs = performance.now()
    cameBytes += chunk.length
    isOurPause = true
    await take(chunk)
    isOurPause = false
    if (performance.now() - startedAtMs >= longPauseMs) wasKeptWaiting = true
    timer.refresh()
  }

  try {
    await consume(body, takeTimely, AbortSignal.any([signal, idle.signal]))
  } catch (error) {
    throw cutOff(error, cameBytes)
  } finally {
    clearTimeout(timer)
    clearTimeout(count)
    clearImmediate(look)
  }
}

function idleTimeout(sizeBytes: number, idleTimeoutMs: number): LayergateError {
  const seconds = idleTimeoutMs / 1000
  return new LayergateError(
    'idle_timeout',
    `After ${sizeBytes} bytes nothing came for ${seconds} s.`,
    { actual: { sizeBytes } },
  )
}

function dripping(sizeBytes: number, countMs: number): LayergateError {
  const detail = `Only ${sizeBytes} bytes came in ${countMs / 1000} s.`
  return new LayergateError('idle_timeout', detail, { actual: { sizeBytes } })
}

/** The stream's own way to say that the connection ended before the body did. */
function cutOff(error: unknown, sizeBytes: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') return error
  return new LayergateError('client_aborted', `The connection ended after ${sizeBytes} bytes.`, {
    actual: { sizeBytes },
    cause: error,
  })
}
