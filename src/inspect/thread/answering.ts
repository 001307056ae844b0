import type { MessagePort } from 'node:worker_threads'
import type { Reply } from './messages.ts'

/** Answers one call with what `perform` makes of it, or that it failed. */
export async function answerCall(
  port: MessagePort,
  call: number,
  perform: () => Promise<Reply>,
): Promise<void> {
  port.postMessage(await perform().catch((error: unknown) => failed(call, error)))
}

function failed(call: number, thrown: unknown): Reply {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return { type: 'failed', call, error }
}
