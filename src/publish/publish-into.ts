import type { VerifiedLayer } from '../layers/verified-layer.ts'
import type { CreateRepository } from './create-repository.ts'
import {
  type FlightLog,
  type FlightResult,
  type PublishPorts,
  publishLayer,
} from './publish-layer.ts'
import { UpstreamError } from './upstream-error.ts'
import type { Call } from './upstream.ts'

export interface PublishIntoPorts extends PublishPorts {
  readonly createRepository: CreateRepository
}

/**
 * As `publishLayer`. A repository that is missing, since it was deleted after the layer was accepted, is created where the destination
 * says so, once in a flight.
 *
 * @throws the reason of `call.signal`
 */
export async function publishInto(
  ports: PublishIntoPorts,
  call: Call,
  layer: VerifiedLayer,
  log: FlightLog,
): Promise<FlightResult> {
  const first = await publishLayer(ports, call, layer, log)
  if (!call.destination.createRepositories || !('failed' in first)) return first
  if (!isMissingRepository(first.failed)) return first
  // What was uploaded went with the repository.
  log.note(undefined)
  try {
    await ports.createRepository(call)
  } catch (failed) {
    call.signal.throwIfAborted()
    return { ...first, failed }
  }
  const second = await publishLayer(ports, call, layer, { isCounted: true, note: log.note })
  if ('failed' in second) return { ...second, attempts: first.attempts + second.attempts }
  const { published } = second
  return { ...second, published: { ...published, attempts: first.attempts + published.attempts } }
}

function isMissingRepository(error: unknown): boolean {
  return error instanceof UpstreamError && error.failure === 'repository_unknown'
}
