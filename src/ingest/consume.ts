import type { Readable } from 'node:stream'
import { takeOfTurn } from './loop-turn.ts'

/**
 * Hands every chunk of a body to `take`, the next one when the last was taken. However it ends, the body is left paused and whole:
 * a pipeline would destroy it, and what a client is still sending could not be drained before it is answered.
 *
 * @throws what `take` throws, the body's own error, the reason of `signal`
 * @throws Error with code `ERR_STREAM_PREMATURE_CLOSE` when the body is closed before its end
 */
export async function consume(
  body: Readable,
  take: (chunk: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let taken = Promise.resolve()
  let isOver = false
  const takeInTurn = async (chunk: Buffer) => {
    const sizeBytes = chunk.length
    await take(chunk)
    await takeOfTurn(sizeBytes)
  }
  const goOn = () => void (isOver || body.resume())
  const onData = (chunk: Buffer) => {
    body.pause()
    taken = taken.then(() => takeInTurn(chunk))
    taken.then(goOn, reject)
  }
  // The end may come while the last chunk is still being taken.
  const onEnd = () => void taken.then(resolve, reject)
  const onClose = () => {
    if (!body.readableEnded) reject(body.errored ?? prematureClose())
  }
  const onAbort = () => reject(signal.reason)

  if (body.readableEnded) resolve()
  else if (body.destroyed) onClose()
  signal.addEventListener('abort', onAbort, { once: true })
  body.on('data', onData).on('end', onEnd).on('error', reject).on('close', onClose)
  try {
    await promise
  } finally {
    isOver = true
    signal.removeEventListener('abort', onAbort)
    body.off('data', onData).off('end', onEnd).off('error', reject).off('close', onClose)
    body.pause()
  }
}

function prematureClose(): Error {
  const error = new Error('The body was closed before its end.')
  return Object.assign(error, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}
