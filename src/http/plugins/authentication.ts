import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Access, Caller } from '../../access/access.ts'
import { LayergateError } from '../../registry/errors.ts'
import { type AuthFailure, authFailures, type Observer } from '../../registry/events.ts'
import { challengeFor } from '../challenge.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** On routes for agents: who sent it. */
    caller: Caller
  }
}

/** Finds out who sent each request of a scope, before anything else is done for it. */
export function authenticate(scope: FastifyInstance, access: Access): void {
  scope.addHook('onRequest', async (request) => {
    request.caller = await access.identify(request.headers.authorization)
  })
}

/** Routes of a scope are for those alone who may observe. */
export function observersOnly(scope: FastifyInstance): void {
  scope.addHook('onRequest', async ({ caller }) => {
    if (caller.mayObserve) return
    const detail = `No grant of ${caller.agent} has the action observe.`
    throw new LayergateError('observe_denied', detail)
  })
}

const codes: ReadonlySet<string> = new Set(authFailures)

function isAuthFailure(code: string): code is AuthFailure {
  return codes.has(code)
}

/** What is done beside the answer when a request was refused for who sent it: it is told, and a client is sent where it gets a token. */
export function createDenials(observer: Observer, publicUrl: URL | undefined) {
  return (error: LayergateError, request: FastifyRequest, reply: FastifyReply): void => {
    const { code, message } = error
    if (!isAuthFailure(code)) return
    const agent = Object(request.caller).agent
    observer.observe({
      type: 'request_denied',
      requestId: request.id,
      ...(agent !== undefined && { agent }),
      code,
      detail: message,
      remoteAddress: request.ip,
    })
    if (error.entry.status === 401) {
      reply.header('www-authenticate', challengeFor(request, error, publicUrl))
    }
  }
}
