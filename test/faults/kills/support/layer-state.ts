import { setTimeout as sleep } from 'node:timers/promises'
import type { Blob } from '../../chaos/support/blobs.ts'
import { type Agent, ask } from './agent.ts'

const lookAgainMs = 15

/** The service finds out by itself that it lost a layer, which is parked, and then given up, since its time is over. */
export function untilGivenUp(agent: Agent, blob: Blob): Promise<void> {
  return untilLayer(agent, blob, (state, isTriedAgain) => state === 'parked' && !isTriedAgain)
}

/** From then on it cannot meet two failures, with which it would be given up. */
export function untilForwarded(agent: Agent, blob: Blob): Promise<void> {
  return untilLayer(agent, blob, (state) => state === 'forwarded')
}

/** @param isSo is told what the service says of the layer, and whether it will be tried again */
export async function untilLayer(
  agent: Agent,
  { digest }: Blob,
  isSo: (state: unknown, isTriedAgain: boolean) => boolean,
): Promise<void> {
  const path = `/v1/layers/${digest}?repository=${agent.repository}`
  for (;;) {
    const { text } = await ask(agent, 'GET', path)
    if (isWhole(text)) {
      const { state, nextAttemptAt } = JSON.parse(text)
      if (isSo(state, nextAttemptAt !== undefined)) return
    }
    await sleep(lookAgainMs)
  }
}

/** A process may die within its answer. */
function isWhole(text: string): boolean {
  return text.endsWith('}')
}
