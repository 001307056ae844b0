import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AgentLimits } from '../agent-limits.ts'
import { hasBody } from '../request-body.ts'
import { requestSignal } from '../request-signal.ts'

/** Those whose bodies are layers, or chunks of them. */
const uploadOperations: ReadonlySet<string> = new Set([
  'uploadLayer',
  'startBlobUpload',
  'appendBlobChunk',
  'finishBlobUpload',
])

/**
 * Has each request of a scope wait, unread, until its agent may send it. To be called after `authenticate`.
 *
 * @param shutdown aborts when what is under way must end
 */
export function limitAgents(
  scope: FastifyInstance,
  limits: AgentLimits,
  shutdown: AbortSignal,
): void {
  scope.addHook('onRequest', async (request, reply) => {
    using waiting = requestSignal(request, shutdown)
    const entered = await limits.enter(request.caller, isUpload(request), waiting.signal)
    const leave = () => entered[Symbol.dispose]()
    // The place is for the body; the response closes once it was sent, and with its connection.
    request.raw.once('end', leave)
    reply.raw.once('close', leave)
  })
}

function isUpload({ raw, routeOptions }: FastifyRequest): boolean {
  return hasBody(raw) && uploadOperations.has(routeOptions.config.operation ?? '')
}
