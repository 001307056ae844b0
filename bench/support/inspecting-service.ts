import { setTimeout } from 'node:timers/promises'
import type { BigLayer } from './big-layer.ts'
import { sendBody } from './push-blob.ts'
import { layergate, type Registry, repository } from './registries.ts'

export type Mode = 'off' | 'enforce'

/** A service that inspects or does not, and a sandbox that keeps digests only: each a process of its own. */
export interface InspectingService extends Registry {
  /** Until it and the sandbox listened. */
  readonly startMs: number
}

export async function startService(mode: Mode): Promise<InspectingService> {
  const startedAt = performance.now()
  const service = await layergate({ LAYERGATE_INSPECT: mode })
  return { ...service, startMs: performance.now() - startedAt }
}

const pollMs = 250

/** Resolves when ECR has the layer. @returns how long its agent waited until it was verified, and durable here */
export async function push(url: string, layer: BigLayer): Promise<number> {
  const startedAt = performance.now()
  const target = new URL(`${url}/v1/layers?repository=${repository}&digest=${layer.digest}`)
  await sendBody('POST', target, { prefer: 'respond-async' }, layer, 202)
  const verifiedMs = performance.now() - startedAt
  while ((await stateOf(url, layer)) !== 'forwarded') await setTimeout(pollMs)
  return verifiedMs
}

async function stateOf(url: string, layer: BigLayer): Promise<string> {
  const answer = await fetch(`${url}/v1/layers/${layer.digest}?repository=${repository}`)
  const { state } = JSON.parse(await answer.text())
  return state
}
