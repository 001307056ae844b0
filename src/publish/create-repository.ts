import { LayergateError } from '../registry/errors.ts'
import type { Observer } from '../registry/events.ts'
import { UpstreamError } from './upstream-error.ts'
import type { Call, Upstream } from './upstream.ts'

/**
 * Creates a missing repository: one call for all who ask for the same one meanwhile. It goes on as long as any of them waits.
 *
 * @throws LayergateError `upstream_credentials` where the identity may not
 * @throws UpstreamError
 * @throws the reason of `call.signal`
 */
export type CreateRepository = (call: Call) => Promise<void>

interface Creation {
  readonly end: Promise<void>
  readonly abort: AbortController
  waiting: number
}

export function createRepositoryCreation(
  upstream: Pick<Upstream, 'createRepository'>,
  observer: Observer,
): CreateRepository {
  const underWay = new Map<string, Creation>()

  async function create(call: Call): Promise<void> {
    const { destination, repository, agent, requestId } = call
    const outcome = await upstream.createRepository(call).catch((error: unknown) => {
      const isDenied = error instanceof UpstreamError && error.failure === 'denied'
      throw isDenied ? denied(call, error) : error
    })
    if (outcome === 'existed') return
    observer.observe({
      type: 'repository_created',
      destination: destination.name,
      repository,
      agent,
      ...(requestId !== undefined && { requestId }),
    })
  }

  function start(name: string, call: Call): Creation {
    const abort = new AbortController()
    const end = create({ ...call, signal: abort.signal }).finally(() => {
      if (underWay.get(name) === creation) underWay.delete(name)
    })
    const creation: Creation = { end, abort, waiting: 0 }
    // Whoever waits hears of it; all may have left.
    end.catch(() => undefined)
    underWay.set(name, creation)
    return creation
  }

  function leave(name: string, creation: Creation, reason: unknown): void {
    creation.waiting -= 1
    if (creation.waiting > 0 || underWay.get(name) !== creation) return
    // Who comes now must not join what is given up.
    underWay.delete(name)
    creation.abort.abort(reason)
  }

  return async (call) => {
    call.signal.throwIfAborted()
    const { destination, repository, signal } = call
    const name = JSON.stringify([destination.name, destination.registry, repository])
    const creation = underWay.get(name) ?? start(name, call)
    creation.waiting += 1
    const { promise: left, reject } = Promise.withResolvers<never>()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await Promise.race([creation.end, left])
    } finally {
      signal.removeEventListener('abort', giveUp)
      leave(name, creation, signal.reason)
    }
  }
}

function denied({ repository }: Call, cause: UpstreamError): LayergateError {
  const { message, requestId } = cause.facts
  const request = requestId === undefined ? '' : ` (request ${requestId})`
  return new LayergateError(
    'upstream_credentials',
    `${repository} does not exist, and creating it needs the permission ecr-public:CreateRepository: ${message}${request}`,
    { cause },
  )
}
